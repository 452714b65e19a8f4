import pytest

from kerma.science.units import ONE, UNITS, unit_of, words_of


@pytest.mark.parametrize(
    ("name", "shown", "ucum", "words"),
    [
        ("length_mm", "mm", "mm", "length"),
        ("area_mm2", "mm²", "mm2", "area"),
        ("saturated_percent", "%", "%", "saturated"),
        ("snr", "", "1", "SNR"),
        ("snr_n", "", "1", "SNR N"),
        ("longest_run_px", "px", "{pixels}", "longest run"),
        ("s", "", "1", "s"),
        ("mass_attenuation_cm2_g", "cm²/g", "cm2/g", "mass attenuation"),
        ("hvl_mm_al", "mm Al", "mm", "hvl"),
        ("cm2_q", "", "1", "cm2 q"),
    ],
)
def test_the_end_of_a_name_is_its_unit(name: str, shown: str, ucum: str, words: str) -> None:
    assert (unit_of(name).shown, unit_of(name).ucum, words_of(name)) == (shown, ucum, words)


def test_every_unit_has_a_code_and_no_name_loses_all_its_words() -> None:
    assert all(unit.ucum for unit in UNITS.values()) and unit_of("mm") == ONE
    assert all(words_of(name) for name in ("mm", "dose_usv", *UNITS))
