/**
 * A JSON file whose values are read by type and whose errors name file and key. It sees Jackson.
 */
package io.embark.json;
