/**
 * Long texts cut into windows of tokens, at sentences or words, with their positions. It sees
 * {@code token}.
 */
package io.embark.text;
