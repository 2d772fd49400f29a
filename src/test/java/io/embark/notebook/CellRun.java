package io.embark.notebook;

import com.fasterxml.jackson.databind.node.ArrayNode;

/**
 * What a cell gave.
 *
 * @param count its execution count
 * @param outputs as a notebook file keeps them
 */
record CellRun(int count, ArrayNode outputs) {}
