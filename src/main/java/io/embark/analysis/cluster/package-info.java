/**
 * K-means and bisecting k-means over vectors, with distinctive terms, typical members and
 * near-duplicates of each cluster. It sees {@code spark}.
 */
package io.embark.analysis.cluster;
