/**
 * What stands around every reader of input files in the tasks: files must be those that were
 * listed, and what cannot be read is told with the file's name. It sees Spark.
 */
package io.embark.input.gate;
