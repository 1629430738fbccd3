"""The same numbers from statsmodels, scikit-learn, evalica and crowd-kit, on made-up ratings.

They run in an environment of their own, see ``tests/readers.py``. Where one of them is known to do
something else on purpose, what is compared is what they share, and the comment says so.
"""

import numpy as np
import pytest

from evaluation.stats import calibration, dawid_skene, ranking, recalibration, votes
from evaluation.stats.agreement import CountTable
from evaluation.stats.chance import Weights, brennan_prediger, fleiss_kappa
from evaluation.stats.comparisons import Comparisons
from evaluation.stats.kappa import cohen_kappa
from tests import readers

ITEMS, RATERS, OPTIONS, MODELS = 80, 5, 4, 6
PROGRAM = """
import evalica
import numpy as np
import pandas
from crowdkit.aggregation import DawidSkene, MajorityVote, Wawa
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa

confusion, counts = np.array(confusion), np.array(counts)
one, other = (np.array(labels[n]) for n in (0, 1))
p, y = np.array(p), np.array(y)


def cohen(kind):
    found = cohens_kappa(confusion, wt=kind)
    return [found.kappa, found.std_kappa]


said = pandas.DataFrame(
    [(n, r, label) for r, row in enumerate(labels) for n, label in enumerate(row)],
    columns=["task", "worker", "label"],
)
hidden = DawidSkene(n_iter=5_000, tol=1e-12).fit(said)
clear = said[~said["task"].isin(tied)]
weighed = Wawa().fit(clear)  # its shares ask for an older scikit-learn
true, stated = calibration_curve(y, p, n_bins=10)
logit = np.log(p / (1 - p))[:, None]
line = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(logit, y)
fought = evalica.bradley_terry(
    first, second, [evalica.Winner(w) for w in winner], tolerance=1e-14, limit=100_000
)
found = {
    "cohen": {
        "plain": cohen(None),
        "linear": cohen("linear"),
        "quadratic": cohen("quadratic"),
    },
    "sklearn": {
        kind or "plain": metrics.cohen_kappa_score(one, other, weights=kind)
        for kind in (None, "linear", "quadratic")
    },
    "fleiss": fleiss_kappa(counts),
    "free": fleiss_kappa(counts, method="randolph"),
    "brier": metrics.brier_score_loss(y, p),
    "log_loss": metrics.log_loss(y, p),
    "auc": metrics.roc_auc_score(y, p),
    "average_precision": metrics.average_precision_score(y, p),
    "curve": [true.tolist(), stated.tolist()],
    "isotonic": IsotonicRegression(out_of_bounds="clip").fit(p, y).predict(p).tolist(),
    "logistic": [float(line.intercept_[0]), float(line.coef_[0, 0])],
    "strength": {str(name): float(score) for name, score in fought.scores.items()},
    "majority": [int(one) for one in MajorityVote().fit(said).labels_.sort_index()],
    "skills": weighed.skills_.sort_index().tolist(),
    "posterior": hidden.probas_.sort_index()[list(range(options))].to_numpy().tolist(),
}
"""


def made():
    """Ratings of which most are right, a judge's probabilities, and comparisons with ties."""
    draw = np.random.default_rng(20)
    truth = draw.integers(OPTIONS, size=ITEMS)
    right = draw.random((RATERS, ITEMS)) < np.linspace(0.55, 0.9, RATERS)[:, None]
    labels = np.where(right, truth, draw.integers(OPTIONS, size=(RATERS, ITEMS)))
    p = draw.uniform(0.02, 0.98, size=200)
    y = (draw.random(200) < p**1.5).astype(int)
    first = draw.integers(MODELS, size=400)
    second = (first + draw.integers(1, MODELS, size=400)) % MODELS
    ahead = draw.random(400) < 1 / (1 + np.exp((second - first) / 2))
    winner = np.where(draw.random(400) < 0.1, 0, np.where(ahead, 1, 2))
    return labels, p, y, first, second, winner


LABELS, P, Y, FIRST, SECOND, WINNER = made()
COUNTS = (LABELS[:, :, None] == np.arange(OPTIONS)).sum(axis=0)
CONFUSION = np.zeros((OPTIONS, OPTIONS), dtype=int)
np.add.at(CONFUSION, (LABELS[0], LABELS[1]), 1)
FORECASTS = calibration.Forecasts.from_arrays(P, Y)
VOTES = votes.Votes.from_ratings(
    np.tile(np.arange(ITEMS), RATERS), np.repeat(np.arange(RATERS), ITEMS), LABELS.ravel(),
    n_items=ITEMS, n_raters=RATERS, n_options=OPTIONS,
)  # fmt: skip
TIED = votes.majority(COUNTS).tied
KINDS = {"plain": Weights.IDENTITY, "linear": Weights.LINEAR, "quadratic": Weights.QUADRATIC}


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """What the other packages say."""
    return readers.told(
        PROGRAM,
        "found",
        scratch=tmp_path_factory.mktemp("oracles") / "run",
        labels=LABELS.tolist(), counts=COUNTS.tolist(), confusion=CONFUSION.tolist(),
        p=P.tolist(), y=Y.tolist(), options=OPTIONS,
        first=FIRST.tolist(), second=SECOND.tolist(), winner=WINNER.tolist(),
        tied=np.flatnonzero(TIED).tolist(),
    )  # fmt: skip


def near(value, *, within=1e-12):
    return pytest.approx(value, abs=within, rel=0)


@pytest.mark.parametrize("kind", KINDS)
def test_cohen_s_kappa_and_its_standard_error_are_those_of_statsmodels(theirs, kind):
    found = cohen_kappa(CONFUSION, KINDS[kind])

    assert [found.value, found.se] == near(theirs["cohen"][kind])


@pytest.mark.parametrize("kind", KINDS)
def test_cohen_s_kappa_is_that_of_scikit_learn(theirs, kind):
    assert cohen_kappa(CONFUSION, KINDS[kind]).value == near(theirs["sklearn"][kind])


def test_fleiss_kappa_is_that_of_statsmodels(theirs):
    assert fleiss_kappa(CountTable.from_counts(COUNTS)).value == near(theirs["fleiss"])


def test_brennan_and_prediger_s_kappa_is_randolph_s_of_statsmodels(theirs):
    assert brennan_prediger(CountTable.from_counts(COUNTS)).value == near(theirs["free"])


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("brier", lambda: calibration.brier_score(FORECASTS).value),
        ("log_loss", lambda: calibration.log_loss(FORECASTS).value),
        ("auc", lambda: calibration.area_under_curve(FORECASTS).value),
        ("average_precision", lambda: calibration.average_precision(FORECASTS)),
    ],
)
def test_how_good_probabilities_are_is_what_scikit_learn_says(theirs, name, ours):
    assert ours() == near(theirs[name])


def test_the_reliability_curve_is_that_of_scikit_learn(theirs):
    curve = calibration.reliability_curve(FORECASTS)

    true, stated = theirs["curve"]
    assert [one.share_positive for one in curve] == near(true)
    assert [one.mean_probability for one in curve] == near(stated)


def test_isotonic_recalibration_is_that_of_scikit_learn(theirs):
    found = recalibration.isotonic(FORECASTS).map.apply(P)

    assert found.tolist() == near(theirs["isotonic"])


def test_logistic_recalibration_is_scikit_learn_s_regression_without_a_penalty(theirs):
    found = recalibration.logistic_recalibration(FORECASTS).map

    # Their solver stops sooner than ours.
    assert [found.intercept, found.slope] == near(theirs["logistic"], within=1e-5)


def test_bradley_and_terry_s_strengths_are_those_of_evalica(theirs):
    outcome = np.choose(WINNER, [0.5, 1.0, 0.0])
    found = ranking.bradley_terry(
        Comparisons.from_rows(FIRST, SECOND, outcome, n_models=MODELS), reference=0
    )

    # Evalica gives exp(strength), of a scale of its own.
    theirs_too = np.log([theirs["strength"][str(n)] for n in range(MODELS)])
    ours = [one.value for one in found.strengths]
    assert ours == near((theirs_too - theirs_too[0]).tolist(), within=1e-9)


def test_the_majority_is_crowd_kit_s_where_there_is_one(theirs):
    found = votes.majority(COUNTS).option

    # Of a tie crowd-kit takes one by chance; ours stays a tie.
    assert TIED.any()
    assert found[~TIED].tolist() == np.array(theirs["majority"])[~TIED].tolist()


def test_wawa_s_skills_are_crowd_kit_s(theirs):
    # Without tied items: there crowd-kit compares with an option taken by chance.
    kept = ~TIED[VOTES.item]
    found = votes.wawa(
        votes.Votes.from_ratings(
            np.cumsum(~TIED)[VOTES.item[kept]] - 1, VOTES.rater[kept], VOTES.label[kept],
            n_items=int((~TIED).sum()), n_raters=RATERS, n_options=OPTIONS,
        )
    )  # fmt: skip

    assert found.skill.tolist() == near(theirs["skills"])


def test_dawid_and_skene_s_posterior_is_crowd_kit_s(theirs):
    found = dawid_skene.dawid_skene(VOTES, smoothing=0.0, tolerance=1e-14, max_iterations=20_000)

    # Both climb to the same maximum from other beginnings.
    assert found.posterior.ravel().tolist() == near(
        np.array(theirs["posterior"]).ravel().tolist(), within=1e-4
    )
