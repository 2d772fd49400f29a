package io.embark.analysis.compare;

import java.util.List;

/**
 * A text whose nearest neighbours differ between two candidates.
 *
 * @param first nearest texts by the first, nearest first
 * @param second nearest texts by the second
 */
public record Example(String text, List<String> first, List<String> second) {}
