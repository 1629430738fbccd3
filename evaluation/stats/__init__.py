"""Statistics, pure: arrays in, frozen dataclasses out; no Django, no files, no clock.

Every coefficient answers an ``Estimate``: ``name, value, se, low, high, reason, confidence,
items, pairable_items, ratings, clusters, raters``. ``value`` is ``None`` where undefined and then
``reason`` (an ``Undefined``, with ``.sentence`` for people) says why; where only the spread is
missing, ``value`` is given and ``reason`` says why ``se`` (and mostly the interval) is not. Wrong
arguments raise ``ValueError``. Common keywords: ``confidence=0.95``; ``uncertainty=SANDWICH`` |
``Jackknife()`` | ``Bootstrap(seed=…, replicates=1000)``.

``agreement`` (front door to counts, alpha, chance, kappa, specific, distances, resampling)
    CountTable.from_counts(counts, clusters=None, *, raters=None)
    CountTable.from_groups(patterns, pattern, units, *, clusters=None, raters=None)
    CountTable.from_packed(packed, units=None, *, n_options, bits, clusters=None, raters=None)
    CountTable.from_confusion(confusion); .by_item(), .n_options, .patterns, .groups, .weights
    nominal_alpha(table), ordinal_alpha(table), interval_alpha(table, values=None),
    ratio_alpha(table, values), masi_alpha(table, sets), distance_alpha(table, distances, *, name)
    percent_agreement(table), fleiss_kappa(table), brennan_prediger(table), gwet_ac1(table),
    gwet_ac2(table, weights=Weights.QUADRATIC)
    specific_agreement(table), prevalence(table) -> tuple of Estimate, one an option
    cohen_kappa(confusion, weights=Weights.IDENTITY) (no clusters)
    conger_kappa(labels, *, n_options, weights, clusters=None), labels (n_raters, n_items), -1 none

``intervals``
    wilson_interval, clopper_pearson_interval, agresti_coull_interval,
    jeffreys_interval(successes, n) -> Interval(low, high)
    proportion(successes, n, *, name) -> Estimate
    cluster_ratio(numerators, denominators, *, lower, upper, name), cluster_proportion(successes,
    totals, *, name), cluster_mean(values, clusters, *, lower, upper, name) -> Estimate
    t_cdf(value, *, df), t_quantile(probability, *, df), normal_quantile(probability)

``validation`` (a judge against people)
    VerdictPairs.from_pairs(people, judge, *, n_options, clusters, units=None, items=None);
    .confusion (people x judge), .among(options) -> (pairs, left_out)
    accuracy(pairs), judge_kappa(pairs, weights) -> Estimate
    option_rates(pairs) -> tuple of OptionRates(option, sensitivity, specificity, precision)
    labels_may_be_inverted(kappa) -> bool

``ceiling`` (how well people agree on the items a judge is held to)
    human_ceiling(counts, judge, clusters, *, coefficient=CeilingCoefficient.AGREEMENT | KAPPA)
    -> HumanCeiling(people, judge, difference)
    people_left_out(item, rater, label, *, judge, clusters, n_options)
    -> tuple of PersonLeftOut(rater, person, judge, difference)
"""
