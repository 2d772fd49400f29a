package io.embark.notebook;

import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import jdk.jshell.execution.LoaderDelegate;
import jdk.jshell.execution.LocalExecutionControl;
import jdk.jshell.spi.ExecutionControl;
import jdk.jshell.spi.ExecutionControl.ClassBytecodes;
import jdk.jshell.spi.ExecutionControl.ClassInstallException;
import jdk.jshell.spi.ExecutionControl.EngineTerminationException;
import jdk.jshell.spi.ExecutionControl.InternalException;
import jdk.jshell.spi.ExecutionControlProvider;
import jdk.jshell.spi.ExecutionEnv;

/**
 * The classes that JShell makes of cells. They are found by name through {@link #loader()}, so that
 * Spark can read back lambdas and objects that were made in a cell, as long as its tasks run in
 * this JVM; and the engine that lets JShell run them here.
 */
final class CellClasses implements LoaderDelegate, ExecutionControlProvider {
  private final Loader loader;

  CellClasses(ClassLoader parent) {
    loader = new Loader(parent);
  }

  ClassLoader loader() {
    return loader;
  }

  @Override
  public String name() {
    return "embark";
  }

  @Override
  public ExecutionControl generate(ExecutionEnv env, Map<String, String> parameters) {
    return new LocalExecutionControl(this);
  }

  @Override
  public void load(ClassBytecodes[] classes)
      throws ClassInstallException, EngineTerminationException {
    boolean[] installed = new boolean[classes.length];
    classesRedefined(classes);
    try {
      for (int i = 0; i < classes.length; i++) {
        // Prepares the class now, where what is wrong with it can be told.
        loader.loadClass(classes[i].name()).getDeclaredMethods();
        installed[i] = true;
      }
    } catch (ClassNotFoundException | LinkageError e) {
      throw new ClassInstallException("Cannot load a cell's class: " + e, installed);
    }
  }

  /** JShell asks only; a class that was loaded stays, and the next cell has another one. */
  @Override
  public void classesRedefined(ClassBytecodes[] classes) {
    for (ClassBytecodes made : classes) {
      loader.bytes.put(made.name(), made.bytecodes());
    }
  }

  @Override
  public void addToClasspath(String path) throws InternalException {
    try {
      for (String entry : path.split(File.pathSeparator)) {
        loader.addURL(Path.of(entry).toUri().toURL());
      }
    } catch (MalformedURLException e) {
      throw new InternalException(e.toString());
    }
  }

  @Override
  public Class<?> findClass(String name) throws ClassNotFoundException {
    return loader.loadClass(name);
  }

  private static final class Loader extends URLClassLoader {
    private final Map<String, byte[]> bytes = new ConcurrentHashMap<>();

    Loader(ClassLoader parent) {
      super(new URL[0], parent);
    }

    @Override
    protected void addURL(URL url) {
      super.addURL(url);
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      byte[] code = bytes.get(name);
      return code == null ? super.findClass(name) : defineClass(name, code, 0, code.length);
    }
  }
}
