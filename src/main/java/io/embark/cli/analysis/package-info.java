/**
 * The jobs that work on embedded tables: compare, search, cluster, inspect. It sees {@code cli},
 * {@code cli.embed} and {@code analysis}.
 */
package io.embark.cli.analysis;
