/**
 * The former name of {@code analysis.cluster}, kept for pipelines that were saved under it. It sees
 * {@code analysis.cluster}.
 */
package io.embark.clustering;
