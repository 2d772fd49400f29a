/**
 * A path that was given as one path: read as that path whatever characters it has, and followed to
 * where it leads. It sees Spark only.
 */
package io.embark.spark.path;
