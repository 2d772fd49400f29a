/**
 * Texts in, vectors out, in plain Java: settings, the embedder, and streams of any length in
 * constant memory. It sees the packages from token to model.store, and no Spark.
 */
package io.embark.embed;
