//! Which file of a crate takes something from which other, read from its tokens.
//!
//! An arrow runs from the file that names an item to the file that defines it, whatever modules hand the name on in
//! between. What only tests compile is left out. No types are inferred: a method that is called by its bare name makes
//! no arrow, the import of its type or trait does.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The arrows of a crate between its files: from, to, and the names that are taken there.
pub(super) type Arrows = BTreeMap<PathBuf, BTreeMap<PathBuf, BTreeSet<String>>>;

/// The modules of one library or program, the root first.
pub(super) struct Crate(Vec<Module>);

#[derive(Default)]
struct Module {
    parent: usize,
    file: PathBuf,
    children: BTreeMap<String, usize>,
    imports: Vec<Import>,
    /// The names of what is defined here.
    defined: BTreeSet<String>,
    macros: BTreeSet<String>,
    /// Its macros are known to the modules that follow it.
    macro_use: bool,
    /// The paths in the code, `use` declarations apart.
    paths: BTreeSet<Vec<String>>,
    called_macros: BTreeSet<String>,
}

struct Import {
    /// `None` for all that the module of this path has.
    name: Option<String>,
    path: Vec<String>,
    public: bool,
}

/// What a path leads to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Module(usize),
    /// Something that this module defines.
    Inside(usize),
}

impl Crate {
    /// The crate whose root is this file.
    pub(super) fn read(root: &Path) -> Self {
        let mut found = Self(Vec::new());
        found.0.push(Module { file: root.to_owned(), ..Module::default() });
        found.file(0, root, root.parent().expect("a folder"));
        found
    }

    /// The top-level modules.
    pub(super) fn rooms(&self) -> BTreeSet<&str> {
        self.0[0].children.keys().map(String::as_str).collect()
    }

    /// The arrows between top-level modules.
    pub(super) fn arrows_between_rooms(&self) -> BTreeSet<(&str, &str)> {
        let arrows = self.arrows();
        let rooms = arrows.iter().filter_map(|(from, to, _)| Some((self.room(*from)?, self.room(*to)?)));
        rooms.filter(|(from, to)| from != to).collect()
    }

    /// The arrows between the modules inside a top-level module, by their paths: `store` for all that is below it, unless
    /// a longer path is among `apart`.
    pub(super) fn arrows_inside(&self, top: &str, apart: &[&str]) -> BTreeSet<(String, String)> {
        let room = |module| {
            let path = self.path_of(module);
            let inside = path.strip_prefix(top)?.strip_prefix("::")?;
            let is_in = |one: &&&str| inside == **one || inside.starts_with(&format!("{one}::"));
            let first = inside.split("::").next()?;
            Some(apart.iter().find(is_in).map_or(first, |one| *one).to_owned())
        };
        let arrows = self.arrows().into_iter();
        let rooms = arrows.filter_map(|(from, to, _)| Some((room(from)?, room(to)?)));
        rooms.filter(|(from, to)| from != to).collect()
    }

    /// The names of a module and of those around it.
    fn path_of(&self, mut module: usize) -> String {
        let mut path = Vec::new();
        while module != 0 {
            let parent = self.0[module].parent;
            let named = self.0[parent].children.iter().find(|(_, child)| **child == module);
            path.extend(named.map(|(name, _)| name.as_str()));
            module = parent;
        }
        path.reverse();
        path.join("::")
    }

    /// The arrows between files. What a file takes from a module around it is no import: it is a part of that module.
    pub(super) fn arrows_between_files(&self) -> Arrows {
        let mut arrows = Arrows::new();
        for (from, to, name) in self.arrows() {
            let (from_file, to_file) = (&self.0[from].file, &self.0[to].file);
            if from_file != to_file && !self.is_inside(from, to) {
                arrows.entry(from_file.clone()).or_default().entry(to_file.clone()).or_default().insert(name);
            }
        }
        arrows
    }

    /// Is this module the other, or below it?
    fn is_inside(&self, mut module: usize, other: usize) -> bool {
        while module != other && module != 0 {
            module = self.0[module].parent;
        }
        module == other
    }

    /// The top-level module around this one; `None` for the root.
    fn room(&self, mut module: usize) -> Option<&str> {
        while module != 0 && self.0[module].parent != 0 {
            module = self.0[module].parent;
        }
        self.0[0].children.iter().find(|(_, child)| **child == module).map(|(name, _)| name.as_str())
    }

    /// From which module, to which, and the end of the path.
    fn arrows(&self) -> Vec<(usize, usize, String)> {
        let mut arrows = Vec::new();
        for (at, module) in self.0.iter().enumerate() {
            let named = module.paths.iter().map(|path| (path, false));
            let imported = module.imports.iter().filter(|import| import.name.is_some());
            for (path, public) in named.chain(imported.map(|import| (&import.path, import.public))) {
                for place in self.find(at, path, &mut HashSet::new()) {
                    // What a module hands on from its own parts it need not use itself.
                    if let Place::Inside(to) = place
                        && !(public && self.is_inside(to, at))
                    {
                        arrows.push((at, to, path.last().cloned().unwrap_or_default()));
                    }
                }
            }
            for name in &module.called_macros {
                arrows.extend(self.textual_macro(at, name).map(|to| (at, to, format!("{name}!"))));
            }
        }
        arrows
    }

    /// Where a path leads that stands in the module `at`; nowhere for what is another crate's, or a local name.
    fn find(&self, at: usize, path: &[String], seen: &mut HashSet<(usize, Vec<String>)>) -> BTreeSet<Place> {
        if !seen.insert((at, path.to_vec())) {
            return BTreeSet::new(); // an import in terms of itself
        }
        let module = &self.0[at];
        match path[0].as_str() {
            "crate" => self.member(0, &path[1..], seen),
            "self" => self.member(at, &path[1..], seen),
            "super" if path.get(1).is_some_and(|next| next == "super") => {
                self.find(module.parent, &path[1..], seen)
            }
            "super" => self.member(module.parent, &path[1..], seen),
            _ => self.known(at, path, seen),
        }
    }

    /// What `path` leads to from the module `at` on, which another one names.
    fn member(
        &self,
        at: usize,
        path: &[String],
        seen: &mut HashSet<(usize, Vec<String>)>,
    ) -> BTreeSet<Place> {
        let Some(first) = path.first() else { return BTreeSet::from([Place::Module(at)]) };
        if first == "self" || first == "super" {
            return self.find(at, path, seen);
        }
        let places = self.known(at, path, seen);
        // What no declaration shows a macro has made.
        if places.is_empty() { BTreeSet::from([Place::Inside(at)]) } else { places }
    }

    /// What `path` leads to if a declaration in the module `at` has its first name.
    fn known(&self, at: usize, path: &[String], seen: &mut HashSet<(usize, Vec<String>)>) -> BTreeSet<Place> {
        let module = &self.0[at];
        let mut places = BTreeSet::new();
        if let Some(child) = module.children.get(&path[0]) {
            places.extend(self.member(*child, &path[1..], seen));
        }
        if module.defined.contains(&path[0]) || module.macros.contains(&path[0]) {
            places.insert(Place::Inside(at));
        }
        for import in module.imports.iter().filter(|import| import.name.as_ref() == Some(&path[0])) {
            for place in self.find(at, &import.path, seen) {
                match place {
                    Place::Module(to) => places.extend(self.member(to, &path[1..], seen)),
                    Place::Inside(_) => drop(places.insert(place)),
                }
            }
        }
        if places.is_empty() {
            for import in module.imports.iter().filter(|import| import.name.is_none()) {
                for place in self.find(at, &import.path, seen) {
                    if let Place::Module(to) = place
                        && seen.insert((to, path.to_vec()))
                    {
                        places.extend(self.known(to, path, seen));
                    }
                }
            }
        }
        places
    }

    /// The module whose macro of this name is in scope by its position, not by a path.
    fn textual_macro(&self, at: usize, name: &str) -> Option<usize> {
        let mut around = at;
        loop {
            let module = &self.0[around];
            if module.macros.contains(name) {
                return Some(around);
            }
            let mut children = module.children.values().copied();
            if let Some(child) =
                children.find(|child| self.0[*child].macro_use && self.0[*child].macros.contains(name))
            {
                return Some(child);
            }
            if around == 0 {
                return None;
            }
            around = module.parent;
        }
    }

    /// Reads the file of a module, whose own modules are in `folder`.
    fn file(&mut self, module: usize, file: &Path, folder: &Path) {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.tokens(module, tokens, folder);
    }

    fn tokens(&mut self, module: usize, tokens: TokenStream, folder: &Path) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut at = 0;
        let mut public = false;
        let mut macro_use = false;
        while at < tokens.len() {
            let rest = &tokens[at..];
            if let Some(attribute) = attribute(rest) {
                at += 2;
                macro_use |= attribute.to_string() == "macro_use";
                if only_in_tests(attribute) {
                    at += item_len(&tokens[at..]);
                }
                continue;
            }
            at += match &rest[0] {
                TokenTree::Ident(word) => match word.to_string().as_str() {
                    "pub" => {
                        public = true;
                        let scope = rest.get(1).and_then(|next| group(next, Delimiter::Parenthesis));
                        at += 1 + usize::from(scope.is_some());
                        continue;
                    }
                    "use" if !is_punct(rest.get(1), '<') => {
                        let end =
                            rest.iter().position(|token| is_punct(Some(token), ';')).expect("a whole `use`");
                        if !is_punct(rest.get(1), ':') {
                            self.import(module, &rest[1..end], &[], public);
                        }
                        end + 1
                    }
                    "mod" if matches!(rest.get(1), Some(TokenTree::Ident(_))) => {
                        self.module(module, &rest[1..], folder, macro_use);
                        3
                    }
                    "macro_rules" if is_punct(rest.get(1), '!') => {
                        self.0[module].macros.insert(rest[2].to_string());
                        3
                    }
                    "struct" | "enum" | "union" | "trait" | "type" | "fn" | "const" | "static" => {
                        if let Some(TokenTree::Ident(name)) = rest.get(1) {
                            self.0[module].defined.insert(name.to_string());
                        }
                        1
                    }
                    _ => self.path(module, rest, tokens[..at].last()),
                },
                TokenTree::Group(group) => {
                    self.tokens(module, group.stream(), folder);
                    1
                }
                // A path that begins so is another crate's.
                TokenTree::Punct(_) if starts_with_colons(rest) => 2 + path(&rest[2..]).1,
                TokenTree::Punct(_) | TokenTree::Literal(_) => 1,
            };
            (public, macro_use) = (false, false);
        }
    }

    /// Notes the path at the start of the tokens, and answers how many of them it takes.
    fn path(&mut self, module: usize, tokens: &[TokenTree], before: Option<&TokenTree>) -> usize {
        let (path, len) = path(tokens);
        if is_punct(before, '.') || is_punct(before, '\'') {
            return len; // a field or a method, a lifetime
        }
        if let [name] = &path[..]
            && is_punct(tokens.get(1), '!')
        {
            self.0[module].called_macros.insert(name.clone());
        }
        self.0[module].paths.insert(path);
        len
    }

    fn module(&mut self, parent: usize, tokens: &[TokenTree], folder: &Path, macro_use: bool) {
        let name = tokens[0].to_string();
        let module = self.0.len();
        self.0[parent].children.insert(name.clone(), module);
        let folder = folder.join(&name);
        let in_folder = folder.join("mod.rs");
        let beside = folder.with_extension("rs");
        let mut new = Module { parent, macro_use, ..Module::default() };
        if let Some(body) = group(&tokens[1], Delimiter::Brace) {
            new.file = self.0[parent].file.clone();
            self.0.push(new);
            self.tokens(module, body, &folder);
        } else {
            new.file = if in_folder.exists() { in_folder } else { beside };
            let file = new.file.clone();
            self.0.push(new);
            self.file(module, &file, &folder);
        }
    }

    /// Notes what a `use` declaration brings in.
    fn import(&mut self, module: usize, tokens: &[TokenTree], before: &[String], public: bool) {
        // `$crate`, in a macro
        let tokens = if is_punct(tokens.first(), '$') { &tokens[1..] } else { tokens };
        let (mut whole, len) = path(tokens);
        whole.splice(..0, before.iter().cloned());
        let rest = if starts_with_colons(&tokens[len..]) { &tokens[len + 2..] } else { &tokens[len..] };
        if let Some(list) = rest.first().and_then(|next| group(next, Delimiter::Brace)) {
            let list: Vec<_> = list.into_iter().collect();
            for one in list.split(|token| is_punct(Some(token), ',')).filter(|one| !one.is_empty()) {
                self.import(module, one, &whole, public);
            }
            return;
        }
        if whole.len() > 1 && whole.last().is_some_and(|last| last == "self") {
            whole.pop();
        }
        let name = match rest {
            [] => whole.last().cloned(),
            [star] if is_punct(Some(star), '*') => None,
            [_, name @ TokenTree::Ident(_)] => Some(name.to_string()), // `as name`
            _ => return,                                               // a name that a macro is given
        };
        if !whole.is_empty() {
            self.0[module].imports.push(Import { name, path: whole, public });
        }
    }
}

/// A path at the start of the tokens, and how many of them it takes.
fn path(tokens: &[TokenTree]) -> (Vec<String>, usize) {
    let mut names = Vec::new();
    let mut at = 0;
    while let Some(TokenTree::Ident(name)) = tokens.get(at) {
        names.push(name.to_string());
        at += 1;
        let goes_on = matches!(tokens.get(at + 2), Some(TokenTree::Ident(_)));
        if !(starts_with_colons(&tokens[at..]) && goes_on) {
            break;
        }
        at += 2;
    }
    (names, at)
}

fn starts_with_colons(tokens: &[TokenTree]) -> bool {
    matches!(tokens.first(), Some(TokenTree::Punct(first)) if first.as_char() == ':' && first.spacing() == Spacing::Joint)
        && is_punct(tokens.get(1), ':')
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn group(token: &TokenTree, delimiter: Delimiter) -> Option<TokenStream> {
    match token {
        TokenTree::Group(group) if group.delimiter() == delimiter => Some(group.stream()),
        _ => None,
    }
}

fn attribute(tokens: &[TokenTree]) -> Option<TokenStream> {
    if !is_punct(tokens.first(), '#') {
        return None;
    }
    tokens.get(1).and_then(|next| group(next, Delimiter::Bracket))
}

/// Does this attribute leave its item out of every build but those of tests?
fn only_in_tests(attribute: TokenStream) -> bool {
    let tokens: Vec<_> = attribute.into_iter().collect();
    let condition = match &tokens[..] {
        [TokenTree::Ident(name), condition] if name == "cfg" => group(condition, Delimiter::Parenthesis),
        _ => None,
    };
    condition
        .is_some_and(|condition| without_tests(&condition.into_iter().collect::<Vec<_>>()) == Some(false))
}

/// A condition of `cfg` where `test` does not hold; `None` if it depends on more.
fn without_tests(condition: &[TokenTree]) -> Option<bool> {
    let [TokenTree::Ident(name), rest @ ..] = condition else { return None };
    let list = rest.first().and_then(|next| group(next, Delimiter::Parenthesis)).map(Vec::from_iter);
    let mut parts =
        list.iter().flat_map(|list| list.split(|token| is_punct(Some(token), ','))).map(without_tests);
    match name.to_string().as_str() {
        "test" => Some(false),
        "not" => parts.next().flatten().map(|holds| !holds),
        "all" if parts.any(|part| part == Some(false)) => Some(false),
        "any" if parts.all(|part| part == Some(false)) => Some(false),
        _ => None,
    }
}

/// How many tokens the item takes that begins here, or the field, the variant or the statement.
fn item_len(tokens: &[TokenTree]) -> usize {
    // What has commas before its end.
    const ITEMS: [&str; 12] = [
        "fn", "impl", "struct", "enum", "union", "trait", "type", "const", "static", "async", "unsafe",
        "extern",
    ];
    let mut at = 0;
    while attribute(&tokens[at..]).is_some() {
        at += 2;
    }
    if tokens.get(at).is_some_and(|token| token.to_string() == "pub") {
        let scope = tokens.get(at + 1).and_then(|next| group(next, Delimiter::Parenthesis));
        at += 1 + usize::from(scope.is_some());
    }
    let word = tokens.get(at).map(ToString::to_string).unwrap_or_default();
    let ends = |token: &TokenTree| {
        is_punct(Some(token), ';')
            || word != "use" && group(token, Delimiter::Brace).is_some()
            || !ITEMS.contains(&word.as_str()) && is_punct(Some(token), ',')
    };
    tokens[at..].iter().position(ends).map_or(tokens.len(), |end| at + end + 1)
}
