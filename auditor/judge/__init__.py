"""Rules over frames, by Kleene's logic: pure, no I/O. What is not known never comes out as a pass."""

from auditor.judge.doubt import Doubt, changed, did_not_answer, doubtful
from auditor.judge.engine import NotRun, judge, not_run
from auditor.judge.examples import check_examples
from auditor.judge.exemptions import reach

__all__ = ["Doubt", "NotRun", "changed", "check_examples", "did_not_answer", "doubtful", "judge", "not_run", "reach"]
