package io.embark.analysis.compare;

import java.util.List;
import java.util.Optional;

/**
 * What was compared, on what.
 *
 * @param model as the user named it
 * @param own name of the vector that the model itself wants, if it is compared
 * @param pairs with scores; 0 for none
 * @param rows texts that were embedded and have a vector, beside those of pairs
 * @param labelled rows whose label has enough rows
 * @param labels how many there are
 * @param clusters k of k-means
 * @param seeds runs of k-means, and random splits of a probe
 * @param neighbourRows rows whose neighbours were looked at
 * @param notes what a reader should know: what was left out, cut or sampled
 */
public record Scope(
    String model,
    String fingerprint,
    String normalize,
    Optional<String> own,
    long pairs,
    long rows,
    long labelled,
    int labels,
    int clusters,
    int seeds,
    int neighbourRows,
    List<String> notes) {}
