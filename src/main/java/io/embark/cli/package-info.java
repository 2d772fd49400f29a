/**
 * The entry point and what all commands share: settings from flags and files, exit codes, sessions.
 * It sees {@code embed} and {@code spark}; commands register themselves, so that it sees none of
 * them.
 */
package io.embark.cli;
