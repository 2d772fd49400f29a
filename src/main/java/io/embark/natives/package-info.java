/**
 * Native libraries that were unpacked beforehand, once for a machine or an image, and the check
 * that they belong to the jars on the class path. It sees the JDK only.
 */
package io.embark.natives;
