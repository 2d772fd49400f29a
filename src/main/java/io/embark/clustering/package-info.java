/** The former name of {@code analysis.cluster}, kept for pipelines that were saved under it. */
package io.embark.clustering;
