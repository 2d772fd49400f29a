package io.embark.notebook;

import java.util.Map;
import jdk.jshell.execution.LocalExecutionControl;
import jdk.jshell.spi.ExecutionControl;
import jdk.jshell.spi.ExecutionControlProvider;
import jdk.jshell.spi.ExecutionEnv;

/** Lets JShell run code in this JVM, with classes that others can find. */
record LocalEngine(CellClasses classes) implements ExecutionControlProvider {
  @Override
  public String name() {
    return "embark";
  }

  @Override
  public ExecutionControl generate(ExecutionEnv env, Map<String, String> parameters) {
    return new LocalExecutionControl(classes);
  }
}
