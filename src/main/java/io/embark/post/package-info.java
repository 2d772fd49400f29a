/**
 * Linear maps that are fitted on the vectors of a table and applied behind the model, as Spark ML
 * estimators and models. It sees {@code embed} for what made the vectors, {@code model} for
 * fingerprints, {@code spark.path} and Spark ML.
 */
package io.embark.post;
