//! Header fields of one message.

/// Names in lower case, with their values, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Headers(Vec<(String, String)>);

/// A field that may come once came again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Repeated;

impl Headers {
    pub(crate) fn push(&mut self, name: &str, value: &str) {
        self.0.push((name.to_ascii_lowercase(), value.trim_matches([' ', '\t']).into()));
    }

    /// The values of a field, by its name in lower case.
    pub(crate) fn all<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(one, _)| one == name).map(|(_, value)| value.as_str())
    }

    /// The value of a field that comes at most once.
    ///
    /// # Errors
    /// [`Repeated`], also if the values are the same: two readers might take different ones.
    pub(crate) fn one(&self, name: &'static str) -> Result<Option<&str>, Repeated> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Repeated),
        }
    }

    /// Whether a list field has this token, in any case.
    pub(crate) fn lists(&self, name: &'static str, token: &str) -> bool {
        self.all(name).flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case(token))
    }
}
