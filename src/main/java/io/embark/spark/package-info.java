/**
 * The public API on Spark: ML transformers, SQL extensions, readers of vector columns, GPUs for one
 * stage. It sees its subpackages, {@code embed} and {@code post}; they do not see it.
 */
package io.embark.spark;
