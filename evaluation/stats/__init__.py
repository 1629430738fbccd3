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
    totals, *, name), cluster_rate(successes, totals, *, name),
    cluster_mean(values, clusters, *, lower, upper, name) -> Estimate
    ratio_contrasts.ratio_difference(numerators, denominators, other_numerators, other_denominators)
    -> Contrast(difference, p)
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

``contrasts`` (differences within one set of ratings, one clustered interval each)
    difference_of_means(values, inside, *, clusters, units=None, name),
    slope(values, x, *, clusters, units=None, name) -> Estimate; p_value(estimate) -> float | None
    paired_judges(people, first, second, *, n_options, clusters, units=None)
    -> PairedJudges(first, second, accuracy, kappa)

``order_effects`` (whether answers depend on the order of things)
    share_against_half(successes, totals, *, name) -> HalfTested(share, p); binomial_p(successes, n)
    balances(first, total) -> tuple of Balance(first, total, expected, difference, p, p_holm,
    balanced), one a pair
    early_and_later(early, later), tables (n_raters, n_options)
    -> Shifts(options, early, later, raters, in_both); Shift(early_share, later_share, difference,
    p, p_holm)

``aggregation`` (front door to votes, dawid_skene)
    majority(counts) -> HardLabels(option (-1 none), tied, rated; .value(i), .reason(i))
    vote_shares(counts, *, prior=0.5, confidence) -> VoteShares(share, low, high, rated)
    Votes.from_ratings(item, rater, label, *, n_items, n_raters, n_options); .counts()
    wawa(votes) -> Wawa(skill, compared, share, labels)
    dawid_skene(votes, *, smoothing=0.01, tolerance, max_iterations), one_coin(same)
    -> HiddenTruth(posterior, labels, prevalence, raters, log_likelihood, converged)
    posterior_given(votes, raters, prevalence) -> posterior, one step with known raters

``alternative_annotator``, ``multiplicity``
    alternative_annotator_test(item, annotator, answer, *, judge, epsilon, scoring, q, min_items)
    -> AlternativeAnnotator(winning_rate, advantage, passed, epsilon, q, annotators, reason);
    alternative_annotator_test_in_blocks(blocks, *, judge, …) -> the same, of parts of the ratings;
    Epsilon.EXPERTS, SKILLED, CROWD
    benjamini_hochberg(p, *, q), benjamini_yekutieli, holm -> Adjusted(p, rejected)

``prediction_powered``, ``weighted_audits``, ``label_planning``, ``misclassification``,
``nested_calibration`` (rates)
    Audit(labels, verdicts, unlabelled, clusters=None, unlabelled_clusters=None)
    ppi_mean(audit, *, weight=None, name), audited_rate(audit) (falls back to the labels)
    -> PoweredMean(estimate, weight, labelled, unlabelled, method, warning)
    stratified_ppi_mean([Stratum(share, audit)]) -> Estimate
    crossed_ppi_mean(same), for clusters that cross strata -> Estimate
    inverse_probability_mean(labels, probabilities, *, clusters=None),
    weighted_share(same), with an interval for rare things -> Estimate
    Costs(label, verdict, item=0); plan_within(budget, *, correlation, costs),
    plan_for(effective_labels, *, correlation, costs) -> Plan(labels, verdicts, cost,
    effective_labels); labels_for_half_width(half_width, *, share, design_effect) -> int
    rogan_gladen(positive_share, n, CalibrationLabels(specificity, sensitivity, negatives,
    positives)) -> Estimate; youden_low(labels); label_allocation(total, *, positive_share, pilot)
    -> (negatives, positives); effective_size(share) -> float | None;
    homogeneity(successes, totals, *, level) -> Homogeneity(statistic, df, p, poolable)
    weighted_errors(labels, verdicts, weights, *, clusters) -> CalibrationLabels | None
    nested_rogan_gladen(NestedLabels(verdicts, labels, weights, strata, clusters)) -> Estimate

``calibration``, ``smooth_calibration``, ``recalibration``
    Forecasts.from_arrays(p, y, clusters=None)
    brier_score(f), log_loss(f), area_under_curve(f),
    expected_calibration_error(f, *, binning=Binning.EQUAL_WIDTH | EQUAL_MASS, bins=10) -> Estimate
    murphy_parts(f) -> Murphy | None; reliability_curve(f) -> tuple of Bin(n, mean_probability,
    share_positive); average_precision(f), smooth_calibration_error(f) -> float | None
    platt(f), logistic_recalibration(f), temperature(f), isotonic(f) -> Fit(map | None, reason);
    map.apply(p); cross_fitted(f, platt, *, folds=5, seed) -> CrossFitted(p, fitted, fold);
    venn_abers(f, p) -> VennAbers(low, high, p)

``ranking``, ``framed_ranking``, ``survival``, ``dispersion``, ``outliers``, ``gwet_variance``
    Comparisons.from_rows(first, second, outcome, *, n_models, units, clusters, categories),
    Comparisons.from_wins(wins, ties=None); bradley_terry(comparisons, *, reference=None, prior=0)
    -> BradleyTerry(strengths, deviance, comparisons, dropped, reference, reason)
    framed_bradley_terry(comparisons with lean) -> FramedRanking(ranking, framing)
    first_events(states) -> FirstEvents(turn, happened); kaplan_meier(turn, happened, *, clusters)
    -> SurvivalCurve(points, conversations, events, clusters, median, median_reason, reason)
    outlying_scores(scores, *, least=2, spreads=3) -> Outlying(others, distance, outlying)
    disagreement(scores) -> Disagreement(value, by_value, models, reason);
    disagreement_by_query(query, scores, *, n_queries) -> Disagreements(value, models)
    gwet_estimate(table, GwetCoefficient), gwet_conger_estimate(labels, *, n_options): Gwet's
    published standard errors over independent items, for comparison only
"""
