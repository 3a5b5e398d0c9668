import pytest

from greenops.errors import ConfigError
from greenops.report.picture import save_timeline
from greenops.report.timeline import timeline
from tests.unit.report import records as r

pytest.importorskip("matplotlib")


def laid(stretches, duration_s=20.0):
    marks = [r.mark("warm-up $1$", 2)]
    return timeline(
        stretches, start_epoch_s=r.NOON.timestamp(), duration_s=duration_s, marks=marks
    )


@pytest.mark.parametrize(
    ("suffix", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_a_picture_is_of_the_form_its_name_says(tmp_path, suffix, magic):
    path = tmp_path / f"out.{suffix}"
    stretches = [r.stretch(of, at_s=at) for at in range(20) for of in (r.GPU, r.CPU)]

    save_timeline(laid(stretches), {}, path, title="a $formula_{x$ and 日本")

    assert path.read_bytes().startswith(magic)


def test_a_picture_states_its_units_and_names(tmp_path):
    path = tmp_path / "out.svg"
    import matplotlib as mpl

    with mpl.rc_context({"svg.fonttype": "none"}):
        save_timeline(
            laid([r.stretch(at_s=1)]), {r.GPU.device_id: "GPU H200"}, path, title="run"
        )

    text = path.read_text()
    for said in ("power / W", "time since the start / s", "GPU H200", "warm-up"):
        assert said in text


def test_a_run_without_samples_is_no_picture(tmp_path):
    with pytest.raises(ConfigError, match="no samples"):
        save_timeline(laid([]), {}, tmp_path / "out.png", title="run")


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match="nowhere"):
        save_timeline(laid([r.stretch()]), {}, tmp_path / "nowhere/a.png", title="run")
