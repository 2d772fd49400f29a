/** Tokenised texts sorted by length and cut into padded batches. It sees {@code token}. */
package io.embark.batch;
