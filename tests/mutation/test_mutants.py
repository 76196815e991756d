"""What is sabotaged in a function, and that the sabotaged code is what it says."""

from pathlib import Path
from textwrap import dedent

from inline_snapshot import snapshot

from tests.mutation.mutants import mutants_of


def sharing(age: int) -> bool:
    """Stand in for the function whose code is exchanged."""
    return age < 0


def test_every_small_thing_in_a_function_is_changed_by_itself(tmp_path: Path) -> None:
    module = tmp_path / "ages.py"
    text = '''
    LIMIT = 3

    def sharing(age: int) -> bool:
        """Nothing is changed here, nor outside of functions."""
        if age > 18 and not age == 99:
            return True
        return all([age + 1 for one in (age,) if one])
    '''
    module.write_text(dedent(text), encoding="utf-8")
    mutants = list(mutants_of(module, tmp_path))
    assert [mutant.name for mutant in mutants] == snapshot(
        [
            "ages.py sharing: if age > 18 and (not age == 99) => if not (age > 18 and (not age == 99))",
            "ages.py sharing: age > 18 and (not age == 99) => age > 18 or not age == 99",
            "ages.py sharing: age > 18 => age >= 18",
            "ages.py sharing: not age == 99 => not not age == 99",
            "ages.py sharing: True => False",
            "ages.py sharing: 18 => 19",
            "ages.py sharing: age == 99 => age != 99",
            "ages.py sharing: 99 => 100",
            "ages.py sharing: return all([age + 1 for one in (age,) if one]) => return None",
            "ages.py sharing: all([age + 1 for one in (age,) if one]) => any([age + 1 for one in (age,) if one])",
            "ages.py sharing: age + 1 => age - 1",
            "ages.py sharing: for one if one => for one",
            "ages.py sharing: 1 => 2",
        ]
    )
    kept, answers = sharing.__code__, {}
    for mutant in mutants:
        sharing.__code__ = mutant.code
        answers[mutant.name.partition(": ")[2]] = sharing(18)
    sharing.__code__ = kept
    assert answers["age > 18 => age >= 18"] is True
    assert answers["if age > 18 and (not age == 99) => if not (age > 18 and (not age == 99))"] is True
    assert answers["age == 99 => age != 99"] is True
