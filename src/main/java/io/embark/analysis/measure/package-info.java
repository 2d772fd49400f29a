/** Correlations, agreement of clusterings, intervals by resampling. It sees the JDK only. */
package io.embark.analysis.measure;
