"""The tables about Istio come out of its own sources: protobuf is read as it is meant, and minors are told apart."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from lab.paths import LabError
from tests.static import istio_tables, istiod_types, meshconfig, protobuf

CONFIG = """
syntax = "proto3";
// message Commented { string no = 1; }
package istio.mesh.v1alpha1;
import "google/protobuf/wrappers.proto";
import "other/v1/other.proto";
option go_package = "x";
message MeshConfig {
  reserved 9; reserved "old; {name";
  /* string no = 2; */
  enum Mode { A = 0; B = 1 [(x) = "http://y; }"]; }
  message Inner { repeated Mode modes = 1; map<string, Inner> by_name = 2; }
  string access_log_file = 1 [deprecated = true];
  google.protobuf.BoolValue enable_it = 2;
  Inner inner = 3;
  oneof choice { uint32 port = 4; istio.other.v1.Far far = 5 [(a.b) = "// no comment"]; }
  string mesh_mTLS = 6 [json_name = "meshMTLS"];
}
"""
OTHER = 'syntax = "proto3"; \npackage istio.other.v1;\nmessage Far { google.protobuf.Duration time = 1; google.protobuf.Struct more = 2; }'


def api(folder: Path, config: str = CONFIG) -> Path:
    for name, text in ((meshconfig.START, config), ("other/v1/other.proto", OTHER)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_messages_are_read_with_their_names_in_json_and_without_comments_and_options(tmp_path: Path) -> None:
    assert meshconfig.messages(api(tmp_path)) == {
        "MeshConfig": {
            "accessLogFile": "",
            "enableIt": "bool",
            "inner": "MeshConfig.Inner",
            "port": "number",
            "far": "Far",
            "meshMTLS": "",
        },
        "MeshConfig.Inner": {"modes": "=MeshConfig.Mode[]", "byName": "{MeshConfig.Inner}"},
        "=MeshConfig.Mode": {"A": "", "B": ""},
        "Far": {"time": "duration", "more": "any"},
    }


def test_a_type_is_the_innermost_of_its_name() -> None:
    package = protobuf.Package({"a.B": [], "a.B.C": [], "a.C": [], "C": []})
    assert [package.resolve("C", scope) for scope in ("a.B", "a.D", "x")] == ["a.B.C", "a.C", "C"]


def test_a_field_that_came_or_went_says_in_which_minors_it_is() -> None:
    found = meshconfig.written({30: {"M": {"old": "", "kept": "bool"}}, 31: {"M": {"kept": "bool", "new": "N"}, "N": {"x": ""}}})
    assert '"M": "kept:bool new:N@31- old@30-30"' in found
    assert '"N": "x"' in found
    assert "MINORS = (30, 31)" in found


def test_a_field_whose_kind_changed_is_not_written_wrongly() -> None:
    with pytest.raises(SystemExit, match=r"M\.x is not of one kind"):
        meshconfig.written({30: {"M": {"x": ""}}, 31: {"M": {"x": "bool"}}})


def test_types_of_values_are_those_of_the_chart_and_what_versions_disagree_on_is_left_out(tmp_path: Path) -> None:
    one = chart(tmp_path / "1.tgz", "a: {b: 1, c: x}\nd: []\ne: {}\nf: 25%\ng: null\nh: true\ni: 1")
    other = chart(tmp_path / "2.tgz", f"{istiod_types.WRAPPER}:\n  a: {{b: 2}}\n  i: text")
    assert "\na.b:number a.c d:[] e:{} f:percent h:bool\n" in istiod_types.written([one, other])


def chart(path: Path, values: str) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("istiod/values.yaml")
        member.size = len(values)
        archive.addfile(member, io.BytesIO(values.encode()))
    return path


@pytest.mark.parametrize(("needed", "status", "told"), [("", 77, "SKIPPED: no network"), ("1", 1, "ERROR: no network")])
def test_without_istios_sources_the_check_is_skipped_here_and_fails_in_continuous_integration(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], needed: str, status: int, told: str
) -> None:
    def unreachable() -> str:
        raise LabError("no network")

    monkeypatch.setenv("TESTS_NEED_NETWORK", needed)
    monkeypatch.setattr("sys.argv", ["istio_tables", "--check"])
    monkeypatch.setattr(istio_tables, "TABLES", {Path("x"): unreachable})
    assert istio_tables.main() == status
    assert capsys.readouterr().out.strip() == told


def test_a_table_that_is_not_what_istio_gives_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(istio_tables.tree, "ROOT", tmp_path)
    table = tmp_path / "table.py"
    table.write_text("old")
    monkeypatch.setattr(istio_tables, "TABLES", {table: lambda: "new"})
    monkeypatch.setattr("sys.argv", ["istio_tables", "--check"])
    assert istio_tables.main() == 1
    assert "table.py is not what Istio's own sources give" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["istio_tables"])
    assert istio_tables.main() == 0
    assert table.read_text() == "new"
