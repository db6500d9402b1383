"""Plugins are found where they are installed, and where the user points."""

from __future__ import annotations

import pickle
import sys
from dataclasses import is_dataclass
from importlib.metadata import distributions

import pytest

from kube9.core.errors import InvalidInput, PluginError
from kube9.plugins import sources


def install(site, name, version, points, *, requires=()):
    """What an installer leaves of a package's metadata."""
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    needs = "".join(f"Requires-Dist: {text}\n" for text in requires)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}")
    (info / "entry_points.txt").write_text("".join(f"[{group}]\n{lines}\n" for group, lines in points.items()))


def entry_points_in(site):
    return [point for distribution in distributions(path=[str(site)]) for point in distribution.entry_points]


def of_package(name, site):
    """The one plugin of a package in ``site``, beside one of kube9's own."""
    install(site, "kube9", "0.1.0", {"kube9": "filters = kube9.filters"})
    (source,) = [source for source in sources.installed(entry_points_in(site)) if source.distribution == name]
    return source


@pytest.fixture
def forgets_modules():
    """Let no module that a test imports outlive it."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


# ---------------------------------------------------------------------- installed


def test_entry_points_are_sorted_with_the_built_in_ones_first(tmp_path):
    install(tmp_path, "kube9-a", "1.2", {"kube9": "alpha = a_module\nbeta = a_module:plugin"})
    install(tmp_path, "kube9", "0.1.0", {"kube9": "zeta = kube9.zeta\nfilters = kube9.filters"})
    install(tmp_path, "other", "3", {"console_scripts": "kube9 = other:main", "pytest11": "o = other"})
    found = sources.installed(entry_points_in(tmp_path))
    assert [(source.name, source.distribution, source.version, source.where, source.built_in) for source in found] == [
        ("filters", "kube9", "0.1.0", "kube9.filters", True),
        ("zeta", "kube9", "0.1.0", "kube9.zeta", True),
        ("alpha", "kube9-a", "1.2", "a_module", False),
        ("beta", "kube9-a", "1.2", "a_module:plugin", False),
    ]


def test_an_entry_point_tells_what_its_package_requires(tmp_path):
    requires = ("kube9<0.4", "numpy>=1")
    install(tmp_path, "kube9-a", "1.2", {"kube9": "a = a_module"}, requires=requires)
    assert of_package("kube9-a", tmp_path).requires == requires


def test_an_entry_point_loads_the_object_that_it_names(tmp_path, monkeypatch, forgets_modules):
    (tmp_path / "an_installed_module.py").write_text("plugin = ['loaded']")
    install(tmp_path, "kube9-a", "1", {"kube9": "a = an_installed_module:plugin"})
    monkeypatch.syspath_prepend(tmp_path)
    assert of_package("kube9-a", tmp_path).load() == ["loaded"]


def test_an_environment_without_kube9s_own_plugins_is_told_how_to_get_them(tmp_path):
    install(tmp_path, "kube9-a", "1", {"kube9": "a = a_module"})
    with pytest.raises(PluginError, match=r"kube9 is not installed in this environment; run 'pip install kube9'"):
        sources.installed(entry_points_in(tmp_path))


def test_what_kube9_itself_offers_is_installed():
    built_in = [source for source in sources.installed() if source.built_in]
    assert {"backends", "filters", "policies", "queues"} <= {source.name for source in built_in}
    assert {source.distribution for source in built_in} == {"kube9"}


# ---------------------------------------------------------------------- files


def test_a_file_is_loaded_under_the_name_the_user_gave(tmp_path, monkeypatch, forgets_modules):
    (tmp_path / "mine.py").write_text("answer = 42")
    monkeypatch.chdir(tmp_path)
    source = sources.given("mine.py")
    assert (source.name, source.where, source.distribution, source.built_in) == ("mine.py", "mine.py", "", False)
    assert source.load().answer == 42


def test_files_of_one_stem_do_not_meet_and_no_real_module_is_replaced(tmp_path, forgets_modules):
    json = sys.modules["json"]
    loaded = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "json.py").write_text(f"folder = {folder!r}")
        loaded.append(sources.given(str(tmp_path / folder / "json.py")).load())
    assert [module.folder for module in loaded] == ["one", "two"]
    assert loaded[0].__name__ != loaded[1].__name__
    assert sys.modules["json"] is json


def test_what_a_file_defines_can_be_a_dataclass_and_be_pickled(tmp_path, forgets_modules):
    path = tmp_path / "values.py"
    path.write_text(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "from typing import ClassVar\n"
        "@dataclass\n"
        "class Shape:\n"
        "    kind: ClassVar[str] = 'shape'\n"
        "    gpus: int = 3\n"
    )
    module = sources.given(str(path)).load()
    assert is_dataclass(module.Shape)
    assert pickle.loads(pickle.dumps(module.Shape(4))) == module.Shape(4)


def test_a_file_is_read_as_it_is_now_and_nothing_is_written_beside_it(tmp_path, forgets_modules):
    path = tmp_path / "mine.py"
    for answer in (1, 2):
        path.write_text(f"answer = {answer}")
        assert sources.given(str(path)).load().answer == answer
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine.py"]


def test_a_file_that_fails_leaves_no_module(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("1 / 0")
    before = set(sys.modules)
    with pytest.raises(ZeroDivisionError):
        sources.given(str(path)).load()
    assert set(sys.modules) == before


def test_a_file_need_not_end_in_py(tmp_path, forgets_modules):
    path = tmp_path / "policy"
    path.write_text("answer = 42")
    assert sources.given(str(path)).load().answer == 42


# ---------------------------------------------------------------------- modules


@pytest.fixture
def package(tmp_path, monkeypatch, forgets_modules):
    """A package that can be imported: one module is sound, one needs what is not there, one raises."""
    folder = tmp_path / "given_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "sound.py").write_text("answer = 42")
    (folder / "needy.py").write_text("import a_module_that_nobody_has")
    (folder / "raising.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)


def test_a_module_is_imported_by_its_name(package):
    source = sources.given("given_package.sound")
    assert (source.name, source.where) == ("given_package.sound", "given_package.sound")
    assert source.load() is sys.modules["given_package.sound"]


@pytest.mark.parametrize(
    "module, error", [("given_package.needy", ModuleNotFoundError), ("given_package.raising", ZeroDivisionError)]
)
def test_a_module_that_is_there_and_broken_is_found_and_fails_when_loaded(package, module, error):
    with pytest.raises(error):
        sources.given(module).load()


# ---------------------------------------------------------------------- what is not there


@pytest.mark.parametrize(
    "text, why",
    [
        ("no/such/mine.py", "there is no such file"),
        ("mine.py", "there is no such file"),
        (".", "this is a directory"),
        ("no_such_module_at_all", "there is no such module to import; a file is given with its ending, as"),
        ("given_package.missing", "there is no such module"),
        ("given_package.missing.deeper", "there is no such module"),
        ("my-policy", "expected a file such as my_policy.py, or a module such as package.module"),
        ("", "this is a directory"),
    ],
)
def test_what_is_not_there_is_misuse(package, tmp_path, monkeypatch, text, why):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidInput) as caught:
        sources.given(text)
    assert str(caught.value).startswith(f"--plugin {text}: ")
    assert why in str(caught.value)


def test_a_file_has_a_path_for_every_directory_and_a_module_its_name(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert sources.given_path("mine.py") == str(tmp_path / "mine.py")
    assert sources.given_path("package.module") == "package.module"
