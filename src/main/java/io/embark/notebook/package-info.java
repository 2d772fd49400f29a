/**
 * A Jupyter kernel for Java that is the driver of a Spark application. It sees Spark, JShell and
 * JJava, and nothing of Embark but errors.
 */
package io.embark.notebook;
