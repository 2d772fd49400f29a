package io.embark.text;

/**
 * A stretch of a document. Begin and end are given twice: in chars (UTF-16 code units) as {@link
 * String#substring(int, int)} counts, and in code points as Spark SQL's {@code substring}, Python
 * and most databases count. They differ behind characters beyond U+FFFF, such as emoji.
 *
 * @param index from 0 within the document
 * @param text the stretch itself, {@code document.substring(start, end)}
 * @param start first char
 * @param end one past the last char
 * @param codePointStart first code point
 * @param codePointEnd one past the last code point
 */
public record Chunk(
    int index, String text, int start, int end, int codePointStart, int codePointEnd) {}
