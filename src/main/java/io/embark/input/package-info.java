/**
 * Files with texts: which there are, of which format, and whether they can be read exactly. What
 * cannot is refused with the file and the place in it. It sees {@code spark.wire} and {@code
 * table}, for a folder may be a table.
 */
package io.embark.input;
