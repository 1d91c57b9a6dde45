{
  # Written by vendor/addon-build.mjs: what is compiled, and where AWS-LC's headers and libraries are.
  "includes": ["vendor/build/config.gypi"],
  "targets": [
    {
      "target_name": "pqtls",
      "sources": ["<@(addon_sources)"],
      # AWS-LC first: Node's own headers hold OpenSSL's <openssl/*>.
      "include_dirs+": [
        "<(node_addon_api)",
        "<(aws_lc_source)/include",
        "<(aws_lc_source)",
        "<(aws_lc_features)"
      ],
      "defines": [
        "NAPI_VERSION=9",
        "NODE_ADDON_API_DISABLE_DEPRECATED",
        "NAPI_DISABLE_CPP_EXCEPTIONS",
        # A worker that is being terminated can't throw any more; without this its process would abort.
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
      ],
      "defines!": ["OPENSSL_THREADS", "OPENSSL_NO_PINSHARED", "OPENSSL_NO_ASM"],
      # libssl only where the source has it; PQTLS_HAVE_TLS says so to the code.
      "libraries": ["<@(aws_lc_libraries)"],
      "cflags": ["-fvisibility=hidden", "-Wall", "-Wextra", "-Wno-unused-parameter", "-ffunction-sections", "-fdata-sections"],
      "cflags_cc": ["-std=c++20", "-fno-exceptions", "-fno-rtti", "-fvisibility-inlines-hidden"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
      "configurations": {
        # `make BUILDTYPE=Sanitize`: finds memory errors and undefined behaviour in native/. AWS-LC itself stays as it is.
        "Sanitize": {
          "cflags": ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer", "-g", "-O1"],
          # The sanitizers' vptr check needs RTTI.
          "cflags_cc": ["-fno-sanitize=vptr"],
          "ldflags": ["-fsanitize=address,undefined"]
        }
      },
      "conditions": [
        ["OS=='linux'", {
          # Node exports OpenSSL's SSL_* and EVP_*: without these flags the addon would silently run Node's OpenSSL.
          "ldflags": [
            "-Wl,--exclude-libs,ALL",
            "-Wl,-Bsymbolic",
            "-Wl,--gc-sections",
            "-Wl,--version-script=<(module_root_dir)/native/exports.map",
            # AWS-LC's thread-local state has destructors, which run when the threads of the pool end: after the last worker
            # that had loaded the addon is gone, so its code has to stay in memory.
            "-Wl,-z,nodelete"
          ]
        }],
        ["OS=='mac'", {
          "xcode_settings": {
            "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
            "CLANG_CXX_LIBRARY": "libc++",
            "GCC_ENABLE_CPP_EXCEPTIONS": "NO",
            "GCC_ENABLE_CPP_RTTI": "NO",
            "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
            "MACOSX_DEPLOYMENT_TARGET": "11.0",
            "OTHER_LDFLAGS": [
              "-Wl,-dead_strip",
              "-Wl,-exported_symbol,_napi_register_module_v1",
              "-Wl,-exported_symbol,_node_api_module_get_api_version_v1"
            ]
          }
        }],
        ["OS=='win'", {
          "msvs_settings": {
            "VCCLCompilerTool": {
              "AdditionalOptions": ["/std:c++20"],
              "ExceptionHandling": 0,
              "RuntimeTypeInfo": "false"
            }
          },
          "libraries": ["ws2_32.lib", "bcrypt.lib"]
        }]
      ]
    }
  ]
}
