"""What one does in the browser, done in a browser."""

from __future__ import annotations

import re

import pytest

playwright = pytest.importorskip(
    "playwright.sync_api", reason="needs Playwright: pip install 'kube9-dashboard[test]', or run `tox -e contrib`"
)
expect = playwright.expect

#: A browser, a dashboard and a server at once take their time on a machine that has other work.
pytestmark = pytest.mark.timeout(300)

PAGES = ("", "map", "nodes", "pods", "health", "events", "simulations")
WAIT_MS = 60_000

#: How much of an element lies beyond its edge.
TOO_WIDE = "element => element.scrollWidth - element.clientWidth"


@pytest.fixture(autouse=True)
def patience():
    expect.set_options(timeout=WAIT_MS)


def pod(name, cpu="500m", **spec):
    return {"metadata": {"name": name}, "spec": {"requests": {"cpu": cpu}, **spec}}


def test_a_pod_is_made_in_the_form_and_moves_when_its_node_is_killed(open_page, cluster):
    page = open_page("pods")
    page.get_by_role("button", name="New pod…").click()
    page.get_by_label("Name", exact=True).fill("web")
    page.get_by_role("button", name="Run pod").click()

    expect(page.get_by_role("heading", name="web")).to_be_visible()
    expect(page.locator(".head .phase").first).to_contain_text("Running")
    expect(page).to_have_url(re.compile("namespace=default&name=web"))
    node = cluster.pod("web")["status"]["nodeName"]

    page.get_by_role("link", name=node).first.click()
    expect(page.get_by_role("heading", name=node)).to_be_visible()
    page.get_by_role("button", name="Fail…").click()
    page.get_by_text("It never comes back").click()
    page.get_by_role("button", name=f"Fail {node}").click()
    expect(page.locator(".head .phase").first).to_contain_text(re.compile("Suspect|Failed|Recovering|Lost"))

    # Without being touched, the page of the pod shows where it went.
    page.go_back()
    expect(page.get_by_role("heading", name="web")).to_be_visible()
    others = [each["metadata"]["name"] for each in cluster.nodes() if each["metadata"]["name"] != node]
    expect(page.locator("dd a").first).to_have_text(re.compile("|".join(others)))
    expect(page.get_by_role("cell", name="PodEvicted").first).to_be_visible()


def test_what_is_wrong_with_a_form_is_told_in_it(open_page, cluster):
    page = open_page("pods")
    page.get_by_role("button", name="New pod…").click()
    page.get_by_label("Name", exact=True).fill("Not A Name")
    page.get_by_role("button", name="Run pod").click()
    expect(page.get_by_role("alert")).to_contain_text("expected a name of lower-case letters")
    assert list(cluster.pods()) == []


def test_a_node_is_added_in_the_form(open_page, cluster):
    page = open_page("nodes")
    page.get_by_role("button", name="New node…").click()
    page.get_by_label("Name", exact=True).fill("extra")
    page.get_by_role("dialog").get_by_label("Labels").fill("zone=a")
    page.get_by_role("button", name="Add node").click()
    expect(page.get_by_role("heading", name="extra")).to_be_visible()
    expect(page.locator(".head .phase").first).to_contain_text("Ready")
    assert cluster.node("extra")["metadata"]["labels"] == {"zone": "a"}


def test_nothing_is_deleted_without_confirmation(open_page, cluster):
    cluster.launch_pod(pod("web"))
    page = open_page("pods?namespace=default&name=web")
    page.get_by_role("button", name="Delete…").click()
    expect(page.get_by_role("dialog")).to_contain_text("forgotten with its log")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert cluster.pod("web")["status"]["deleting"] is False

    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Delete web").click()
    expect(page.get_by_text("No pods to show.")).to_be_visible()
    assert list(cluster.pods()) == []


def test_a_node_is_cordoned_drained_and_deleted(open_page, cluster):
    page = open_page("nodes?name=node-0001")
    page.get_by_role("button", name="Cordon", exact=True).click()
    expect(page.locator(".head")).to_contain_text("Cordoned")
    page.get_by_role("button", name="Uncordon").click()
    expect(page.locator(".head")).not_to_contain_text("Cordoned")
    page.get_by_role("button", name="Drain…").click()
    page.get_by_role("button", name="Drain node-0001").click()
    expect(page.locator(".head")).to_contain_text("Cordoned")
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Delete node-0001").click()
    expect(page.get_by_role("link", name="node-0002")).to_be_visible()
    expect(page.get_by_role("link", name="node-0001")).to_have_count(0)


def test_a_node_that_somebody_else_cordons_can_be_uncordoned(open_page, cluster):
    page = open_page("nodes?name=node-0001")
    expect(page.get_by_role("button", name="Cordon", exact=True)).to_be_visible()
    cluster.cordon_node("node-0001")
    page.get_by_role("button", name="Uncordon").click()
    expect(page.get_by_role("button", name="Cordon", exact=True)).to_be_visible()
    assert cluster.node("node-0001")["spec"]["unschedulable"] is False


def test_a_narrow_list_still_says_whose_pods_wait_and_why(open_page, cluster, until):
    cluster.launch_pod({"metadata": {"name": "waits", "namespace": "research"}, "spec": {"requests": {"cpu": "99"}}})
    page = open_page("pods", width=400)
    expect(page.get_by_text("research: 0 of 3 nodes fit: 3 insufficient cpu")).to_be_visible()
    until(lambda: page.locator(".scroll").evaluate(TOO_WIDE) == 0)


def test_it_says_that_the_server_is_away_and_comes_back_by_itself(open_page, server, cluster):
    cluster.launch_pod(pod("web"))
    page = open_page("pods")
    expect(page.get_by_role("link", name="web")).to_be_visible()
    server.stop()
    expect(page.locator(".state.away")).to_contain_text("The server is away")
    expect(page.get_by_role("link", name="web")).to_be_visible()
    server.start()
    expect(page.locator(".state.away")).to_have_count(0)
    cluster.launch_pod(pod("late"))
    expect(page.get_by_role("link", name="late")).to_be_visible()


def test_what_was_never_asked_is_not_taken_for_nothing(open_page, server, cluster):
    page = open_page()
    base = page.url.rstrip("/")
    server.stop()
    expect(page.locator(".state.away")).to_be_visible()
    page.load(f"{base}/events?type=NeverAsked")
    expect(page.get_by_text("This is not known.")).to_be_visible()
    server.start()
    expect(page.get_by_text("No events.")).to_be_visible()


def test_the_keyboard_is_enough(open_page, cluster):
    page = open_page("map")
    expect(page.locator(".map > .cell")).to_have_count(3)
    second = page.locator(".map > .cell").nth(1).get_attribute("data-key")
    page.locator(".map > .cell").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=second)).to_be_visible()

    page.get_by_role("button", name="Delete…").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert cluster.node(second)["status"]["deleting"] is False


def test_of_the_map_the_tab_key_reaches_one_cell(open_page, cluster, until):
    page = open_page("map")
    expect(page.locator(".map > .cell")).to_have_count(3)
    stops = "cells => cells.map(cell => cell.tabIndex)"
    until(lambda: sorted(page.locator(".map > .cell").evaluate_all(stops)) == [-1, -1, 0])


def test_a_look_leaves_the_focus_where_it_is(open_page, cluster):
    cluster.launch_pod(pod("web"))
    page = open_page("pods")
    link = page.get_by_role("link", name="web")
    link.focus()
    cluster.launch_pod(pod("another"))
    expect(page.get_by_role("link", name="another")).to_be_visible()
    expect(link).to_be_focused()


def test_a_dialog_stays_open_while_the_page_around_it_looks_again(open_page, cluster):
    page = open_page("pods")
    page.get_by_role("button", name="New pod…").click()
    page.get_by_label("Name", exact=True).fill("typed")
    cluster.launch_pod(pod("seen-behind"))
    expect(page.get_by_role("link", name="seen-behind", include_hidden=True)).to_have_count(1)
    expect(page.get_by_label("Name", exact=True)).to_have_value("typed")


def test_a_filter_is_in_the_address_and_survives_a_reload(open_page, cluster):
    cluster.launch_pods([pod("runs"), pod("waits", cpu="99")])
    page = open_page("pods?phase=Pending")
    expect(page.get_by_role("link", name="waits")).to_be_visible()
    expect(page.get_by_role("link", name="runs")).to_have_count(0)
    page.load(page.url)
    expect(page.get_by_role("link", name="waits")).to_be_visible()
    expect(page).to_have_url(re.compile("phase=Pending"))
    page.get_by_label("Namespace").fill("elsewhere")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No pods to show.")).to_be_visible()
    expect(page).to_have_url(re.compile("namespace=elsewhere"))


def test_the_way_back_is_as_long_as_the_way_there(open_page, cluster):
    cluster.launch_pod(pod("waits", cpu="99"))
    page = open_page()
    page.get_by_role("link", name="Pending").click()
    expect(page.get_by_role("button", name="New pod…")).to_be_visible()
    # On the overview, which may still be there, it has more than one.
    expect(page.get_by_role("link", name="waits")).to_have_count(1)
    page.get_by_role("link", name="waits").click()
    page.get_by_role("link", name="Explain").click()
    expect(page.get_by_role("cell", name="insufficient cpu").first).to_be_visible()
    page.go_back()
    expect(page.locator(".tabs a[aria-current]")).to_have_text("Summary")
    page.go_back()
    expect(page.get_by_role("button", name="New pod…")).to_be_visible()
    expect(page).to_have_url(re.compile(r"pods\?phase=Pending$"))
    page.go_back()
    expect(page.get_by_role("heading", name="Allocation")).to_be_visible()


def test_where_a_pod_is_is_told_beside_where_it_would_go_now(open_page, cluster):
    cluster.launch_pod(pod("web"))
    page = open_page("pods?namespace=default&name=web&show=explain")
    expect(
        page.get_by_text(re.compile(r"^It is on \S+\. It would go to \S+, says best-fit, were it placed now"))
    ).to_be_visible()


def test_the_log_of_a_pod_is_read(open_page, cluster):
    cluster.launch_pod(pod("web"))
    page = open_page("pods?namespace=default&name=web&show=log")
    expect(page.get_by_label("Log", exact=True)).to_contain_text("running")


def test_what_is_not_there_is_said(open_page, cluster):
    page = open_page("pods?namespace=default&name=nobody")
    expect(page.get_by_text("nobody").last).to_be_visible()
    expect(page.locator(".notice").first).to_contain_text("nobody")


def test_results_of_simulations_are_compared(open_page):
    page = open_page("simulations")
    run = '{{"instance": "i", "scheduler": "{}", "seed": 0, "podsPlaced": {}, "podsWaiting": 0}}'
    text = '{"runs": [' + run.format("best-fit", 7) + "," + run.format("worst-fit", 5) + "]}"
    page.locator("input[type=file]").set_input_files(
        [
            {"name": "mine.json", "mimeType": "application/json", "buffer": text.encode()},
            {"name": "other.json", "mimeType": "application/json", "buffer": b"{}"},
        ]
    )
    expect(page.get_by_role("row", name="Pods placed")).to_contain_text("7")
    expect(page.locator("td .best")).to_have_text(["7"])
    expect(page.locator(".notice")).to_contain_text("other is not what")


def test_results_of_different_traces_are_not_ranked(open_page):
    page = open_page("simulations")
    run = '{"instance": "i", "scheduler": "best-fit", "seed": 0, "podsPlaced": %d}'
    page.locator("input[type=file]").set_input_files(
        [
            {
                "name": f"{trace}.json",
                "mimeType": "application/json",
                "buffer": f'{{"trace": "{trace}", "nodes": ["4xcpu=8"], "runs": [{run % placed}]}}'.encode(),
            }
            for trace, placed in (("monday", 7), ("tuesday", 5))
        ]
    )
    expect(page.locator(".notice")).to_contain_text("monday on 4xcpu=8; tuesday on 4xcpu=8")
    expect(page.get_by_role("row", name="Pods placed")).to_contain_text("5")
    expect(page.locator("td .best")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1600])
def test_every_page_fits_its_window(open_page, cluster, until, width, scheme):
    cluster.launch_pods([pod("web"), pod("waits", cpu="99")])
    page = open_page(width=width, scheme=scheme)
    base = page.url.rstrip("/")
    paper = "rgb(255, 255, 255)" if scheme == "light" else "rgb(21, 24, 28)"
    for path in PAGES:
        page.load(f"{base}/{path}")
        page.locator(".board > *").last.wait_for()
        until(lambda: page.locator("html").evaluate(TOO_WIDE) == 0)
        expect(page.locator(".stApp")).to_have_css("background-color", paper)


def test_it_asks_nobody_but_itself_and_keeps_the_token(open_page, server, cluster):
    token = (server.folder / "token").read_text(encoding="utf-8").strip()
    page = open_page()
    base = page.url.rstrip("/")
    received = []

    def keep(frame):
        received.append(frame)

    page.on("websocket", lambda socket: socket.on("framereceived", keep))
    for path in (*PAGES, "nodes?name=node-0001"):
        page.load(f"{base}/{path}")
        page.locator(".board > *").last.wait_for()
    assert {url.removeprefix("blob:")[: len(base)] for url in page.requested if not url.startswith("data:")} == {base}
    assert received
    assert not any(token.encode() in (frame if isinstance(frame, bytes) else frame.encode()) for frame in received)
    assert token not in page.content()
    assert not any(token in url for url in page.requested)
