"""The package as a whole: stubs and documentation are there, for all and nothing else."""

import ast
import inspect
import pathlib

import eccsi_sakke
import pytest

FOLDER = pathlib.Path(eccsi_sakke.__file__).parent
ROOMS = ["eccsi", "sakke", "onem2m", "saef", "mikey"]


def declared(room):
    """Each class of a stub with its public members, and each function."""
    tree = ast.parse((FOLDER / f"{room}.pyi").read_text())
    names = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            methods = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
            methods |= {item.target.id for item in node.body if isinstance(item, ast.AnnAssign)}
            if any(getattr(base, "id", "") == "Secret" for base in node.bases):
                methods |= {"close"}
            names[node.name] = {name for name in methods if not name.startswith("_")}
        elif isinstance(node, ast.FunctionDef):
            names[node.name] = set()
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_stubs_declare_what_there_is(room):
    module = getattr(eccsi_sakke, room)
    there = {
        name: {method for method in vars(value) if not method.startswith("_")} if inspect.isclass(value) else set()
        for name, value in vars(module).items()
        if name in module.__all__ and not isinstance(value, int)
    }
    assert declared(room) == there


def used_in_tests():
    """Each name and attribute that a test uses, and the exceptions that it expects."""
    used, raised = set(), set()
    for path in pathlib.Path(__file__).parent.glob("test_*.py"):
        if path.samefile(__file__):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                used.add(node.attr)
                used.add(f"{getattr(node.value, 'id', '')}.{node.attr}")
            elif isinstance(node, ast.Name):
                used.add(node.id)
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "raises":
                raised |= {getattr(item, "attr", getattr(item, "id", "")) for item in ast.walk(node.args[0])}
            if isinstance(node, ast.Tuple):
                # The exceptions of a table that `pytest.raises` takes.
                raised |= {getattr(item, "attr", "") for item in node.elts}
    return used, raised


@pytest.mark.parametrize("room", ROOMS)
def test_every_name_is_used_by_a_test(room):
    used, _ = used_in_tests()
    for name, members in declared(room).items():
        # Some classes have no constructor: others make them.
        assert members or f"{room}.{name}" in used, name
        assert members <= used, (name, members - used)


def test_every_exception_is_raised_in_a_test():
    _, raised = used_in_tests()
    there = {name for name in eccsi_sakke.__all__ if inspect.isclass(getattr(eccsi_sakke, name))}
    assert there - raised == {"Error"}


@pytest.mark.parametrize("room", ROOMS)
def test_everything_is_documented(room):
    module = getattr(eccsi_sakke, room)
    assert module.__doc__
    for name in module.__all__:
        value = getattr(module, name)
        if isinstance(value, int):
            continue
        assert value.__doc__, name
        for method, item in vars(value).items() if inspect.isclass(value) else []:
            if not method.startswith("_"):
                assert item.__doc__, f"{name}.{method}"


def test_exceptions_have_one_root():
    for name in eccsi_sakke.__all__:
        value = getattr(eccsi_sakke, name)
        if inspect.isclass(value):
            assert issubclass(value, eccsi_sakke.Error), name
    assert (FOLDER / "py.typed").exists()
