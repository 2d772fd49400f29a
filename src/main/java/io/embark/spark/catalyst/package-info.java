/**
 * Base classes of the plan nodes and expressions that Embark adds to Spark, and collections between
 * Java and Scala. It sees Spark only.
 */
package io.embark.spark.catalyst;
