{
  "includes": ["vendor/build/config.gypi"],
  "targets": [
    {
      "target_name": "pqtls",
      "sources": ["<!@(node -p \"require('fs').readdirSync('native').filter(f => f.endsWith('.cc')).map(f => 'native/' + f).join(' ')\")"],
      # AWS-LC first: Node's own headers hold OpenSSL's <openssl/*>.
      "include_dirs+": [
        "<!(node -p \"require('node-addon-api').include_dir\")",
        "<(aws_lc_source)/include",
        "<(aws_lc_source)",
        "vendor/build/include"
      ],
      "defines": [
        "NAPI_VERSION=9",
        "NODE_ADDON_API_DISABLE_DEPRECATED",
        "NAPI_DISABLE_CPP_EXCEPTIONS",
      ],
      "defines!": ["OPENSSL_THREADS", "OPENSSL_NO_PINSHARED", "OPENSSL_NO_ASM"],
      "cflags": ["-fvisibility=hidden", "-Wall", "-Wextra", "-Wno-unused-parameter"],
      "cflags_cc": ["-std=c++20", "-fno-exceptions", "-fno-rtti", "-fvisibility-inlines-hidden"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
      "libraries": ["<(aws_lc_build)/ssl/libssl.a", "<(aws_lc_build)/crypto/libcrypto.a"],
      "ldflags": ["-Wl,--exclude-libs,ALL", "-Wl,-Bsymbolic", "-Wl,--gc-sections"]
    }
  ]
}
