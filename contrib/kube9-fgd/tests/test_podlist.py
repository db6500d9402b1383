from __future__ import annotations

import pytest

from kube9_fgd.fragmentation import TypicalPod
from kube9_fgd.gradient import FragmentationGradient
from kube9_fgd.podlist import ListedNode, ListedPod, read_nodes, read_pods

PODS = """name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos
a,12000,16384,1,460,,LS
b,8000,30720,2,1000,V100M16|V100M32,BE
c,4000,8192,0,1000,,LS
"""


@pytest.fixture
def written(tmp_path):
    def written(text):
        path = tmp_path / "list.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def test_pods_are_read(written):
    assert read_pods(written(PODS)) == (
        ListedPod("a", 16_384, TypicalPod(12_000, 1, 460)),
        ListedPod("b", 30_720, TypicalPod(8000, 2, 1000, ("V100M16", "V100M32"))),
        ListedPod("c", 8192, TypicalPod(4000, 0, 0)),
    )
    assert [pod.gpu_milli for pod in read_pods(written(PODS))] == [460, 2000, 0]


def test_nodes_are_read(written):
    path = written("sn,cpu_milli,memory_mib,gpu,model\nn-0,64000,262144,2,P100\nn-1,32000,131072,0,\n")
    assert read_nodes(path) == (
        ListedNode("n-0", 64_000, 262_144, 2, "P100"),
        ListedNode("n-1", 32_000, 131_072, 0, ""),
    )


@pytest.mark.parametrize(
    "text,problem",
    [
        ("", "expected a header and at least one line after it"),
        ("name,cpu\na,1\n", "expected a list of the openb trace, with a column 'num_gpu'"),
        (PODS.replace("12000", "many"), "list.csv:2: .*'many'"),
        (PODS + "d,1\n", "list.csv:5: "),
    ],
    ids=["empty", "no such list", "no number", "short line"],
)
def test_what_is_no_such_list_is_refused(written, text, problem):
    with pytest.raises(ValueError, match=problem):
        read_pods(written(text))


class TestTheWorkloadOfFgd:
    def test_is_read_from_a_list(self, written):
        assert isinstance(FragmentationGradient.of_list(str(written(PODS))), FragmentationGradient)

    def test_must_be_given(self):
        with pytest.raises(ValueError, match="fgd:workload=FILE"):
            FragmentationGradient.of_list()

    def test_must_be_there(self, tmp_path):
        with pytest.raises(ValueError, match=r"gone.csv: No such file"):
            FragmentationGradient.of_list(str(tmp_path / "gone.csv"))
