import com.pixelmed.validate.DicomSRValidator;

/** Validates several reports in one virtual machine: compiling the templates takes most of the time. */
public class ValidateReports {
    public static void main(String[] paths) throws Exception {
        DicomSRValidator validator = new DicomSRValidator();
        for (String path : paths) {
            System.out.println("== " + path);
            System.out.println(validator.validate(path));
        }
    }
}
