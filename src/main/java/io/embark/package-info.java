/**
 * What every package may see: {@link io.embark.UserError}, an error that its user can mend, and the
 * base of choices that are read from text. It sees the JDK only.
 */
package io.embark;
