/** K-means over vectors, and what sums clusters up. It sees {@code spark}. */
package io.embark.analysis.cluster;
