"""Logistic regression, binary and multinomial, class-balanced, and temperature scaling.

A classifier is triage, never the sole ground for a verdict; its temperature is to be fitted on
models that it was not trained on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax

from hydrometer.errors import InputError
from hydrometer.stats.inputs import as_labels, as_natural, as_table, as_vector

__all__ = ["LogisticFit", "Temperature", "fit_logistic", "fit_temperature", "penalised_loss"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class LogisticFit:
    """A fitted classifier.

    Attributes
    ----------
    coef : ndarray of float, shape (d, k)
        Effect of one unit of each feature, as given, on each class's logit.  With two classes the
        first column is 0: the second is the log odds of ``classes[1]``.
    intercept : ndarray of float, shape (k,)
    classes : tuple of int or str
        Sorted.
    counts : tuple of int
        Training rows of each class.
    loss : float
        Penalised loss at the optimum, natural logarithm, per unit of weight.
    iterations : int
    converged : bool
        Whether L-BFGS-B met its tolerance; a fit that did not is no fit.
    """

    coef: FloatArray
    intercept: FloatArray
    classes: tuple[int | str, ...]
    counts: tuple[int, ...]
    loss: float
    iterations: int
    converged: bool

    def logits(self, x: ArrayLike) -> FloatArray:
        """Return the logits, shape (n, k), of rows of features, shape (n, d)."""
        table = as_table("x", x)
        if table.shape[1] != self.coef.shape[0]:
            raise InputError(
                "x has the wrong number of columns",
                got=str(table.shape[1]),
                wanted=str(self.coef.shape[0]),
            )
        scored: FloatArray = table @ self.coef + self.intercept
        return scored

    def log_probabilities(self, x: ArrayLike) -> FloatArray:
        """Return natural-log class probabilities, shape (n, k)."""
        out: FloatArray = log_softmax(self.logits(x), axis=1)
        return out

    def predict(self, x: ArrayLike) -> NDArray[np.int64]:
        """Return the index into ``classes`` of each row's most probable class."""
        best: NDArray[np.int64] = np.argmax(self.logits(x), axis=1)
        return best


@dataclass(frozen=True)
class Temperature:
    """A temperature that makes probabilities honest.

    Attributes
    ----------
    temperature : float
        Divide logits by it; above 1 the classifier was overconfident.  NaN with a ``reason``
        when no finite positive temperature is best.
    loss, loss_before : float
        Mean negative log probability of the truth with and without it.
    n : int
        Rows.
    reason : str
        Why the temperature is NaN; empty otherwise.
    """

    temperature: float
    loss: float
    loss_before: float
    n: int
    reason: str = ""


def penalised_loss(
    parameters: FloatArray,
    x: FloatArray,
    onehot: FloatArray,
    weights: FloatArray,
    l2: float,
) -> tuple[float, FloatArray]:
    """Compute the weighted mean cross-entropy plus ridge penalty, and its gradient.

    With two classes only the second has free parameters; with k > 2 all k have, and the ridge
    penalty makes them unique up to a common shift of the intercepts.

    Parameters
    ----------
    parameters : ndarray, shape ((d + 1) * f,)
        Coefficients (d, f) then intercepts (f,), with f = 1 for two classes and k otherwise.
    x : ndarray, shape (n, d)
    onehot : ndarray, shape (n, k)
    weights : ndarray, shape (n,)
        Non-negative, summing to 1.
    l2 : float
        Penalty ``l2 / 2 * sum(coef ** 2)``; intercepts are free.

    Returns
    -------
    loss : float
        Natural logarithm.
    gradient : ndarray, shape ((d + 1) * f,)

    References
    ----------
    Bishop, C. M. (2006), Pattern recognition and machine learning, equations 4.108 and 4.109.

    Examples
    --------
    >>> one = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> half = np.array([0.5, 0.5])
    >>> loss, slope = penalised_loss(np.zeros(2), np.array([[-1.0], [1.0]]), one, half, 1.0)
    >>> round(loss, 4), slope.tolist()
    (0.6931, [-0.5, 0.0])
    """
    n, d = x.shape
    k = onehot.shape[1]
    free = 1 if k == 2 else k
    coef = parameters[: d * free].reshape(d, free)
    logits = np.zeros((n, k))
    logits[:, k - free :] = x @ coef + parameters[d * free :]
    logged = log_softmax(logits, axis=1)
    loss = -float(weights @ np.sum(onehot * logged, axis=1)) + 0.5 * l2 * float(np.sum(coef**2))
    residual = (weights[:, None] * (np.exp(logged) - onehot))[:, k - free :]
    gradient = np.concatenate([(x.T @ residual + l2 * coef).ravel(), residual.sum(axis=0)])
    return loss, gradient


def fit_logistic(
    x: ArrayLike,
    y: ArrayLike,
    *,
    l2: float,
    balanced: bool = True,
    weights: ArrayLike | None = None,
    nonnegative: bool = False,
    standardise: bool = True,
    max_iter: int = 1000,
) -> LogisticFit:
    """Fit a ridge-penalised logistic regression; deterministic.

    Parameters
    ----------
    x : array_like of float, shape (n, d)
        Features.
    y : array_like of int or str, shape (n,)
        Classes, at least two present.
    l2 : float
        Ridge penalty > 0 on the coefficients of the standardised features; keeps separable and
        collinear data finite and unique.
    balanced : bool
        Give every class the same total weight, so that no class wins by being common.
    weights : array_like of float, shape (n,), optional
        Row weights >= 0 (for example 1 / rows of the same model), before balancing.
    nonnegative : bool
        Coefficients >= 0: for two classes, evidence can only speak for ``classes[1]``.
    standardise : bool
        Centre features and divide by their standard deviation inside; ``coef`` is given back in
        the units of ``x``.  A constant feature gets coefficient 0.
    max_iter : int

    Returns
    -------
    LogisticFit

    Notes
    -----
    Balanced weights do not make the sign of a logit fair: the few rows of a rare class are fitted
    too closely.  On pure noise (10 rows against 90, 4 features, ``l2 = 0.1``) 60 % of fresh rows
    went to the common class.  Rank a logit among those of null models instead.

    Raises
    ------
    InputError
        Fewer than two classes, ``l2 <= 0``, unusable weights, or malformed arrays.

    References
    ----------
    le Cessie, S. and van Houwelingen, J. C. (1992), Appl. Stat. 41, 191-201 (ridge); King, G. and
    Zeng, L. (2001), Political Analysis 9, 137-163, section 4.2 (weighting); Byrd, R. H., Lu, P.,
    Nocedal, J. and Zhu, C. (1995), SIAM J. Sci. Comput. 16, 1190-1208 (L-BFGS-B).

    Examples
    --------
    >>> fit = fit_logistic([[0.0], [1.0], [2.0], [3.0]], ["no", "no", "yes", "yes"], l2=0.1)
    >>> fit.converged, fit.predict([[0.5], [2.5]]).tolist()
    (True, [0, 1])
    """
    table = as_table("x", x)
    n, d = table.shape
    labels = as_labels("y", y, size=n)
    rows = np.ones(n) if weights is None else as_vector("weights", weights)
    most = as_natural("max_iter", max_iter, least=1)
    if not (math.isfinite(l2) and l2 > 0.0):
        raise InputError("l2 is out of range", got=repr(l2), wanted="a finite number > 0")
    if rows.size != n or (rows < 0.0).any():
        raise InputError("weights is unusable", wanted=f"{n} numbers >= 0")
    classes, index = np.unique(labels, return_inverse=True)
    k = int(classes.size)
    if k < 2:
        raise InputError("y has fewer than two classes", got=f"{k}", wanted="at least 2")
    mass = np.bincount(index, weights=rows, minlength=k)
    if (mass <= 0.0).any():
        raise InputError("weights is unusable", got="a class without weight")
    if balanced:
        rows = rows / mass[index]
    rows = rows / rows.sum()
    centre, scale = np.zeros(d), np.ones(d)
    if standardise:
        centre = rows @ table
        spread = np.sqrt(rows @ (table - centre) ** 2)
        moving = spread > 1e-12 * (1.0 + np.abs(centre))
        scale = np.where(moving, spread, 1.0)
        table = np.where(moving, (table - centre) / scale, 0.0)
    free = 1 if k == 2 else k
    floor = 0.0 if nonnegative else None
    solved = minimize(
        penalised_loss,
        np.zeros((d + 1) * free),
        args=(table, np.eye(k)[index], rows, float(l2)),
        method="L-BFGS-B",
        jac=True,
        bounds=[(floor, None)] * (d * free) + [(None, None)] * free,
        options={"maxiter": most, "maxfun": 20 * most, "gtol": 1e-8, "ftol": 1e-14},
    )
    coef, intercept = np.zeros((d, k)), np.zeros(k)
    coef[:, k - free :] = solved.x[: d * free].reshape(d, free) / scale[:, None]
    intercept[k - free :] = solved.x[d * free :]
    intercept -= centre @ coef
    return LogisticFit(
        coef=coef,
        intercept=intercept,
        classes=tuple(classes.tolist()),
        counts=tuple(int(c) for c in np.bincount(index, minlength=k)),
        loss=float(solved.fun),
        iterations=int(solved.nit),
        converged=bool(solved.success),
    )


def fit_temperature(
    logits: ArrayLike, truth: ArrayLike, *, weights: ArrayLike | None = None
) -> Temperature:
    """Fit one temperature to logits of rows, better of models, not used in training.

    Parameters
    ----------
    logits : array_like of float, shape (n, k)
    truth : array_like of int, shape (n,)
        Index of each row's true class, 0 .. k - 1.
    weights : array_like of float, shape (n,), optional
        Row weights >= 0.

    Returns
    -------
    Temperature
        Searched between 1e-3 and 1e3.  NaN when all rows are right (the smaller the better) or
        when the logits do no better than guessing (the larger the better).

    Raises
    ------
    InputError
        Malformed arrays, an index outside 0 .. k - 1, or unusable weights.

    References
    ----------
    Guo, C., Pleiss, G., Sun, Y. and Weinberger, K. Q. (2017), On calibration of modern neural
    networks, ICML, equation 9.

    Examples
    --------
    >>> sure = np.array([[4.0, 0.0]] * 4)
    >>> round(fit_temperature(sure, [0, 0, 0, 1]).temperature, 3)
    3.641
    """
    scores = as_table("logits", logits)
    n, k = scores.shape
    index = as_labels("truth", truth, size=n)
    if index.dtype.kind not in "iu" or (index < 0).any() or (index >= k).any():
        raise InputError("truth is no class index", wanted=f"integers 0 .. {k - 1}")
    rows = np.ones(n) if weights is None else as_vector("weights", weights)
    if rows.size != n or (rows < 0.0).any() or rows.sum() <= 0.0:
        raise InputError("weights is unusable", wanted=f"{n} numbers >= 0, not all 0")
    rows = rows / rows.sum()
    here = np.arange(n)

    def loss(log_t: float) -> float:
        return -float(rows @ log_softmax(scores / math.exp(log_t), axis=1)[here, index])

    edge = math.log(1e3)
    solved = minimize_scalar(loss, bounds=(-edge, edge), method="bounded", options={"xatol": 1e-8})
    best, reached = float(solved.x), float(solved.fun)
    if loss(-edge) <= reached:
        return Temperature(math.nan, reached, loss(0.0), n, "every row is right")
    if loss(edge) <= reached or edge - best < 1e-3:
        return Temperature(
            math.nan, reached, loss(0.0), n, "the logits do no better than guessing"
        )
    return Temperature(math.exp(best), reached, loss(0.0), n)
