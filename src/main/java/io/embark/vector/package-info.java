/**
 * Encodings of vectors in fewer bytes: half floats, int8 with ranges, sign bits. It sees the JDK
 * only.
 */
package io.embark.vector;
