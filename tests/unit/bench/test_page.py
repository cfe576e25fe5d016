"""The table of figures."""

from __future__ import annotations

from pathlib import Path

from bench import page

FIGURES = {
    "info": [
        {
            "pods": 10_000,
            "seconds": 12.5,
            "kubectl_seconds": 10,
            "time_ratio_kubectl": 1.25,
            "peak_mib": 150.4,
            "kubectl_peak_mib": 900.0,
            "requests": 60,
        }
    ],
    "migrate": {"namespaces": 50, "max_parallel": 10, "seconds": 66.0, "ideal_seconds": 60.0, "kubectl_loop_seconds": 330.0},
}


def test_each_figure_is_a_row_with_what_it_is_compared_with() -> None:
    rows = page.table(FIGURES).splitlines()[2:]
    assert "10,000 pods: 60 requests, 150 MiB | 12.5 s | `kubectl get pods -A -o json` 10 s | 1.25 |" in rows[0]
    assert [row.rpartition("| ")[2] for row in rows[1:]] == ["1.10 |", "0.20 |"]


def test_the_page_gets_the_table_in_its_place_and_keeps_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "speed.md"
    path.write_text("before\n<!-- table -->\nold\n<!-- end -->\nafter\n")
    page.write(path, FIGURES)
    assert path.read_text() == f"before\n<!-- table -->\n{page.table(FIGURES)}\n<!-- end -->\nafter\n"
