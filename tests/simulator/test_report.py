"""The report: whole, self-contained, and safe whatever the names in it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="needs matplotlib: pip install 'kube9[simulate]'")

from attrs import evolve

from kube9.core.errors import InvalidInput, MissingExtra
from kube9.simulator import report
from kube9.simulator.report import Report, render
from kube9.simulator.scenario import Told

VOID = {"meta", "line", "br", "use"}


class Page(HTMLParser):
    """Every element, attribute and text of a page; fails where elements are not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.texts, self._open = [], [], [], []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


@pytest.fixture
def page(run_all):
    """Run a scenario and return its page as text."""

    def page(*args, told=None, **given):
        told = told or Told(trace="lists/some.csv", nodes=("1xcpu=4",), command="kube9 simulate \\\n  --trace some.csv")
        return render(*run_all(*args, told=told, **given))

    return page


def test_it_has_the_table_the_plots_the_notes_and_the_command(page, pod):
    arrivals = [pod("a", cores=4, run=60), pod("b", cores=2, at=10, run=600), pod("huge", cores=5, run=1)]
    parsed = Page(page(arrivals, schedulers=("best-fit", "worst-fit"), seeds=(0, 1)))
    assert parsed.tags.count("table") == 1
    assert parsed.tags.count("figure") == 3
    for part in (
        "some 3 pods 1 node 2 seeds",
        "best-fit 1 ± 0",
        "mean over the seeds ± their standard deviation",
        "CPU allocated",
        "Waiting time",
        "1 pod fits no node even when it is empty: pod 'huge'",
        "kube9 simulate \\ --trace some.csv",
    ):
        assert part in parsed.text, part


def test_it_needs_no_network(page, pod):
    text = page([pod("a", cores=4, run=60), pod("b", cores=2, at=10, run=600)])
    parsed = Page(text)
    assert "//" not in text
    assert not {"script", "link", "img", "iframe", "object", "image"} & set(parsed.tags)
    links = [value for name, value in parsed.attributes if name in ("href", "xlink:href", "src", "action")]
    assert all(value.startswith("#") for value in links)
    assert set(re.findall(r"url\((.)", text)) <= {"#"}
    assert "@import" not in text


def test_every_element_has_a_name_of_its_own(page, pod):
    arrivals = [pod("a", cores=4, run=60, requests={"memory": 5}), pod("b", cores=2, at=10, run=600)]
    parsed = Page(page(arrivals, "1xcpu=4,memory=5"))
    names = [value for name, value in parsed.attributes if name == "id"]
    assert len(names) == len(set(names))


def test_names_are_shown_and_not_obeyed(run_all, pod):
    evil = "<script>alert('&')</script>"
    arrivals = [pod("a", cores=9)]
    made, results = run_all(
        arrivals,
        instances=(evil, "other"),
        arrivals_only=True,
        told=Told(trace=f"{evil}.csv", command=f"kube9 {evil}", fail=evil),
    )
    results = [evolve(result, scheduler=evil, notes=(evil,)) for result in results]
    parsed = Page(render(evolve(made, schedulers=(evil,)), results))
    assert "script" not in parsed.tags
    for part in (f"kube9 {evil}", f"failures by {evil}", f"{evil}: {evil}", f"{evil} {evil} 0"):
        assert part in parsed.text, part


def test_several_instances_have_a_table_of_their_own(page, pod):
    parsed = Page(page([pod("a", cores=3), pod("b", cores=3)], "auto:cpu=4", instances=("x", "y"), arrivals_only=True))
    assert parsed.tags.count("table") == 2
    assert "Each of the 2 instances" in parsed.text
    assert "nodes opened as needed" in parsed.text
    assert "2 instances 4 pods" in parsed.text


def test_where_nobody_waited_that_is_said(page, pod):
    assert "No pod waited" in Page(page([pod("a", run=60)])).text
    assert "No pod waited" not in Page(page([pod("a")], arrivals_only=True)).text


def test_the_same_results_give_the_same_page(page, pod):
    assert page([pod("a", run=60)]) == page([pod("a", run=60)])


#: No network, no screen, and no sandbox, which root in a container cannot have.
CHROMIUM = (
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--window-size=1280,2400",
    "--no-sandbox",
    "--disable-dev-shm-usage",
)


@pytest.mark.slow
def test_a_browser_draws_a_line_for_each_policy(page, pod, tmp_path):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("needs Chromium: apt install chromium")
    arrivals = [pod(f"p{number}", cores=1, at=number, run=60) for number in range(9)]
    (tmp_path / "out.html").write_text(page(arrivals, "3xcpu=2", schedulers=("best-fit", "worst-fit")))
    shot = tmp_path / "out.png"
    where = [f"--user-data-dir={tmp_path}/profile", f"--screenshot={shot}", (tmp_path / "out.html").as_uri()]
    subprocess.run([chromium, *CHROMIUM, *where], check=True, capture_output=True, timeout=90)
    image = pytest.importorskip("matplotlib.image").imread(shot)
    pixels = {tuple(pixel) for pixel in (image[..., :3].reshape(-1, 3) * 255).round().astype(int).tolist()}
    style = (Path(report.__file__).parent / "report.css").read_text(encoding="utf-8")
    for number in range(2):
        colour = re.search(rf"--series-{number}: #([0-9a-f]{{6}})", style)[1]
        assert tuple(bytes.fromhex(colour)) in pixels, f"nothing is drawn in #{colour}"


class TestWriting:
    def test_a_page_is_written_for_everybody_to_read(self, run_all, pod, tmp_path):
        path = tmp_path / "out.html"
        Report.at(str(path)).write(*run_all([pod("a", run=5)]))
        assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
        plain = tmp_path / "plain"
        plain.touch()
        assert path.stat().st_mode == plain.stat().st_mode
        assert sorted(each.name for each in tmp_path.iterdir()) == ["out.html", "plain"]

    def test_an_old_page_is_replaced_by_the_whole_new_one(self, run_all, pod, tmp_path):
        path = tmp_path / "out.html"
        path.write_text("old" * 1_000_000)
        Report.at(str(path)).write(*run_all([pod("a", run=5)]))
        assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")

    def test_what_goes_wrong_leaves_the_old_page_and_nothing_else(self, run_all, pod, tmp_path):
        path = tmp_path / "out.html"
        path.write_text("old")
        made, _ = run_all([pod("a", run=5)])
        with pytest.raises(ValueError):
            Report.at(str(path)).write(made, [])
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]

    def test_a_directory_that_came_in_between_is_left_alone(self, run_all, pod, tmp_path):
        path = tmp_path / "out.html"
        report = Report.at(str(path))
        path.mkdir()
        with pytest.raises(OSError):
            report.write(*run_all([pod("a", run=5)]))
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize(
        "name,message", [("no/such/out.html", "there is no directory '.*no/such'"), (".", "is a directory")]
    )
    def test_where_none_can_be_written_is_told_before_anything_runs(self, tmp_path, name, message):
        with pytest.raises(InvalidInput, match=message):
            Report.at(str(tmp_path / name))

    def test_what_is_missing_is_told_with_how_to_get_it(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        with pytest.raises(MissingExtra, match=r"pip install 'kube9\[simulate\]'"):
            Report.at(str(tmp_path / "out.html"))


def test_health_checks_stand_beside_schedulers(run_all, pod):
    made, results = run_all(
        [pod("a", run=300)],
        "2xcpu=4",
        schedulers=("first-fit", "best-fit"),
        healths=("heartbeat", "phi-accrual"),
        told=Told(trace="t.csv", weather="quiet"),
    )
    page = Page(render(made, results))
    texts = [text.strip() for text in page.texts]
    for name in ("first-fit, heartbeat", "best-fit, phi-accrual", "scheduler, health check", "Pods not running"):
        assert name in texts
    assert any("faults by quiet" in text for text in texts)
