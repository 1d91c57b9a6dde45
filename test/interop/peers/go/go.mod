module pqtls.test/lab-peer-go

go 1.27.0

toolchain go1.27.4
