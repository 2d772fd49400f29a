/** The jobs on embedded tables. It sees {@code cli}, {@code cli.embed}, {@code analysis}. */
package io.embark.cli.analysis;
