/**
 * What Spark carries for Embark between driver and tasks by its {@code spark.serializer}: bytes,
 * written by Java's serialization, whichever serializer the session has. It sees Spark only.
 */
package io.embark.spark.wire;
