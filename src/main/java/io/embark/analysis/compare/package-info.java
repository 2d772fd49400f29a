/**
 * Poolings measured against each other on a user's own texts, and the report of it. It sees {@code
 * spark} and {@code analysis.measure}.
 */
package io.embark.analysis.compare;
